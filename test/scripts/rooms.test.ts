import { describe, expect, it } from 'vitest';
import { roomProblems } from '../../scripts/checks/rooms.ts';

describe('the order of rooms in worker/src', () => {
  it('allows imports within a room and from lower rooms', () => {
    const imports = new Map([
      ['plan/plan.ts', []],
      ['plan/parts.ts', ['plan/plan.ts']],
      ['film/film.ts', ['plan/plan.ts', 'errors.ts']],
    ]);
    expect(roomProblems(imports)).toEqual([]);
  });

  it('names an import from a higher room', () => {
    expect(roomProblems(new Map([['plan/plan.ts', ['film/film.ts']]]))).toEqual([
      'plan/plan.ts imports film/film.ts, which is in a higher room.',
    ]);
  });

  it('names a circle of files in one room', () => {
    const imports = new Map([
      ['film/a.ts', ['film/b.ts']],
      ['film/b.ts', ['film/c.ts']],
      ['film/c.ts', ['film/b.ts']],
    ]);
    expect(roomProblems(imports)).toEqual([
      'Files import each other in a circle: film/b.ts > film/c.ts > film/b.ts.',
    ]);
  });

  it('names a room that has no place in the order', () => {
    expect(roomProblems(new Map([['attic/box.ts', []]]))).toEqual([
      'attic has no place in the order of rooms (scripts/checks/rooms.ts).',
    ]);
  });
});
