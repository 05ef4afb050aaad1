/**
 * Music under the film, as the form says it; undefined where it names none.
 * @throws Error that says which field is wrong, and names one of the form's (`field`)
 */
export function readMusic(data) {
  const source = data.get('music').trim();
  if (source === '') return undefined;
  const volume = share(data.get('musicVolume')) ?? 1;
  const duck = share(data.get('musicDuck'));
  if (duck > volume)
    throw problem('while the film is heard it can’t be louder than its volume. Make that at most as high.');
  return { source, ...(volume !== 1 && { volume }), ...(duck !== undefined && { duck }) };
}

function share(percent) {
  if (percent === '') return undefined;
  const value = Number(percent);
  if (!(value >= 0 && value <= 100)) throw problem(`${percent} % is no volume. Give a number from 0 to 100.`);
  return value / 100;
}

function problem(text) {
  return Object.assign(new Error(`Music: ${text}`), { field: 'music' });
}
