import { styleFor } from '../text/style.ts';
import { progressBlock } from './block.ts';
import { progressLine } from './plain.ts';
import type { DemoView } from './view.ts';

/** Where progress is shown. */
export interface Screen {
  show(view: DemoView): void;
  /** Takes the block away; what is printed afterwards stays. */
  clear(): void;
}

/** A redrawn block on a terminal, plain lines anywhere else. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? blockScreen(stream) : lineScreen(stream);
}

function lineScreen(stream: NodeJS.WriteStream): Screen {
  let last: DemoView | undefined;
  return {
    show: (view) => {
      const line = progressLine(last, view);
      if (line === undefined) return;
      stream.write(`${line}\n`);
      last = view;
    },
    clear: () => undefined,
  };
}

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const eraseLine = '\x1b[2K';

function blockScreen(stream: NodeJS.WriteStream): Screen {
  const style = styleFor(stream);
  let drawn = 0;
  const home = () => (drawn > 0 ? `\x1b[${drawn}A\r` : hideCursor);
  return {
    show: (view) => {
      const lines = progressBlock(view, style, stream.columns || 80);
      stream.write(`${home()}${lines.map((line) => `${eraseLine}${line}\n`).join('')}`);
      drawn = lines.length;
    },
    clear: () => {
      if (drawn === 0) return;
      stream.write(`\x1b[${drawn}A\r\x1b[J${showCursor}`);
      drawn = 0;
    },
  };
}
