/**
 * What real films are hard for, each alone: graphs of ffmpeg that end in `[film]`. Seeds are fixed, so every machine with
 * the pinned ffmpeg makes the same pictures. `FONT` becomes the path of a font file.
 */
export interface MadeFilm {
  name: string;
  /** What it stands for. */
  what: string;
  graph: string;
}

export const madeFilmSize = { width: 1920, height: 1080, framesPerSecond: 24, seconds: 3 } as const;

/** One picture of clouds and ground at all scales, a little larger than the frame. */
const scenery = (seed: number, scale: number, octaves = 7) =>
  `perlin=s=1200x676:r=24:octaves=${octaves}:persistence=0.62:xscale=${scale}:yscale=${scale}:tscale=0:random_mode=seed:seed=${seed}`;

/** Browns in the shadows, a pale sky in the lights. */
const sceneryColours =
  "format=gbrp,lutrgb=r='clip((val-120)*1.9+128,0,255)':g='clip((val-120)*1.7+120,0,255)':b='clip((val-120)*2.1+95,0,255)'";

const still = 'trim=end_frame=1,loop=loop=-1:size=1,setpts=N/24/TB';

/** A filled circle with a soft edge. */
const disc = (size: number, colour: { r: number; g: number; b: number }) =>
  `color=c=black:s=${size}x${size}:r=24,format=rgba,geq=r=${colour.r}:g=${colour.g}:b=${colour.b}:a='255*clip(${size / 2 - 2}-hypot(X-${size / 2},Y-${size / 2}),0,1)',${still}`;

export const madeFilms: readonly MadeFilm[] = [
  {
    name: 'grain',
    what: 'a film stock with strong grain, the camera drifts',
    graph: `${scenery(11, 5)},${still},scale=2304:1298:flags=bicubic,${sceneryColours},crop=1920:1080:x='40+t*72':y='60+t*30',format=yuv420p,noise=c0s=3:c0f=t:all_seed=5[film]`,
  },
  {
    name: 'pan',
    what: 'a fast pan over a detailed picture, as in sports',
    graph: `${scenery(23, 9)},${still},scale=3840:2164:flags=lanczos,${sceneryColours},crop=1920:1080:x='t*610':y='500+40*sin(t*5)',format=yuv420p[film]`,
  },
  {
    name: 'dark',
    what: 'dark gradients, as in a night scene',
    graph: `gradients=s=1920x1080:r=24:c0=0x040509:c1=0x241a2c:c2=0x0b2030:c3=0x020203:nb_colors=4:x0=200:y0=100:x1=1700:y1=980:speed=0.01:seed=3,format=gbrp[sky];${scenery(31, 4)},${still},scale=1920:1080:flags=bicubic,crop=1920:1080,format=gbrp,lutrgb=r='clip((val-120)*0.3,0,255)':g='clip((val-120)*0.3,0,255)':b='clip((val-120)*0.35,0,255)'[hills];[sky][hills]blend=all_mode=addition,format=yuv420p[film]`,
  },
  {
    name: 'text',
    what: 'a screen with text that scrolls by lines and a pointer, as in a recorded lecture',
    graph: `color=c=0xfafafa:s=1920x1080:r=24,drawbox=x=0:y=0:w=360:h=1080:color=0x22303c:t=fill,drawtext=fontfile=FONT:text='${'The quick brown fox jumps over 13 lazy dogs and 42 more\\, then it rests.\n'.repeat(38)}':fontsize=26:line_spacing=8:fontcolor=0x202020:x=420:y='30-36*floor(t*2)',drawtext=fontfile=FONT:text='${'Chapter of the lecture\n'.repeat(20)}':fontsize=22:line_spacing=22:fontcolor=0xd0dae0:x=40:y=60,format=yuv420p[page];color=c=0x1a73e8:s=28x28:r=24[pointer];[page][pointer]overlay=x='800+500*sin(t*1.7)':y='500+300*cos(t*2.3)'[film]`,
  },
  {
    name: 'animation',
    what: 'flat colours and sharp edges that move, as in a cartoon',
    graph: `gradients=s=1920x1080:r=24:c0=0x6ec6ff:c1=0xfff3c4:nb_colors=2:x0=0:y0=0:x1=0:y1=1080:speed=0.00001:seed=2,format=rgb24[sky];${disc(520, { r: 255, g: 112, b: 67 })}[a];${disc(360, { r: 67, g: 160, b: 71 })}[b];${disc(240, { r: 40, g: 53, b: 147 })}[c];sierpinski=s=1400x1040:r=24:type=carpet:jump=3:seed=4,${still},format=rgba,colorkey=black:0.1:0[carpet];[sky][carpet]overlay=x='-400+t*130':y=560[s];[s][a]overlay=x='200+t*220':y='300+120*sin(t*4)'[s1];[s1][b]overlay=x='1300-t*260':y='240+60*cos(t*6)'[s2];[s2][c]overlay=x='900+200*sin(t*3)':y='120+t*130',format=yuv420p[film]`,
  },
  {
    name: 'head',
    what: 'a head that talks before a blurred wall, with the noise of a camera',
    graph: `${scenery(41, 4, 3)},${still},scale=1920:1080:flags=bicubic,crop=1920:1080,format=rgb24,lutrgb=r='val*0.8':g='val*0.75':b='val*0.7',gblur=sigma=8[wall];${scenery(43, 12)},${still},scale=760:960,format=rgba,lutrgb=r='clip((val-120)*0.9+190,0,255)':g='clip((val-120)*0.85+140,0,255)':b='clip((val-120)*0.8+115,0,255)',geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*clip((1-hypot((X-380)/370,(Y-480)/470))*40,0,1)',${still}[face];color=c=0x5b2020:s=220x90:r=24[mouth];[wall][face]overlay=x='580+40*sin(t*2.1)':y='90+22*sin(t*3.3)'[w];[w][mouth]overlay=x='850+40*sin(t*2.1)':y='740+22*sin(t*3.3)+22*sin(t*17)',format=yuv420p,noise=c0s=1:c0f=t:all_seed=5[film]`,
  },
  {
    name: 'water',
    what: 'water whose surface changes everywhere',
    graph: `perlin=s=960x540:r=24:octaves=5:persistence=0.6:xscale=6:yscale=14:tscale=1.2:random_mode=seed:seed=7,scale=1920:1080:flags=bicubic,format=gbrp,lutrgb=r='clip((val-128)*1.6+60,0,255)':g='clip((val-128)*1.5+110,0,255)':b='clip((val-128)*1.3+140,0,255)',format=yuv420p[film]`,
  },
];
