/** How the widget looks. One constructed stylesheet in the shadow root, which a strict style-src allows. */

/** Black or white, whichever reads better on the colour; one of them always reaches 4.5:1. */
export function inkOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = (color.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => {
    const share = parseInt(pair, 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#111318' : '#ffffff'
}

const DARK = `--bg:#16181d;--fg:#eceef3;--dim:#a5acb9;--in:#252932;--line:#2d323c;--field:#1f232b;--bad:#ff9b95;
--warn:#3b3009;--warn-fg:#fbe6a2;--shadow:0 0 0 1px #ffffff12,0 16px 56px #000a;color-scheme:dark`

export const CSS = `
:host{all:initial;position:fixed;z-index:2147483000;inset-block-end:20px;inset-inline-end:20px;
--bg:#fff;--fg:#16181d;--dim:#5c6370;--in:#f0f1f5;--line:#e6e8ed;--field:#f6f7f9;--bad:#b3261e;--warn:#fff4d1;--warn-fg:#4d3b00;
--shadow:0 0 0 1px #10182808,0 2px 6px #10182814,0 16px 56px #10182833;color-scheme:light;
font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif,'Noto Color Emoji';color:var(--fg);-webkit-text-size-adjust:100%}
:host([data-side=start]){inset-inline:20px auto}
:host([data-theme=dark]){${DARK}}
@media(prefers-color-scheme:dark){:host(:not([data-theme=light])){${DARK}}}
@media print{:host{display:none}}
*{box-sizing:border-box;margin:0}
[hidden]{display:none!important}
button,textarea,input{font:inherit;color:inherit;border:0;background:none;padding:0}
button{cursor:pointer;-webkit-tap-highlight-color:transparent;touch-action:manipulation}
svg{width:22px;height:22px;display:block;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}
:focus-visible{outline:2px solid var(--fg);outline-offset:2px}
.bubble a{color:inherit;text-decoration:underline;text-underline-offset:2px}
.launch{position:relative;display:grid;place-items:center;width:58px;height:58px;border-radius:50%;background:var(--p);color:var(--on);
box-shadow:0 2px 6px #0002,0 8px 28px #0003;margin-inline-start:auto;transition:transform .18s cubic-bezier(.2,.9,.3,1.3)}
:host([data-side=start]) .launch{margin-inline:0 auto}
.launch:hover{transform:scale(1.06)}.launch:active{transform:scale(.96)}
.launch svg{width:27px;height:27px}
.badge{position:absolute;inset-block-start:-3px;inset-inline-end:-3px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;
background:#d1242f;color:#fff;font-weight:700;font-size:12px;line-height:22px;text-align:center;box-shadow:0 0 0 2px #fff}
.panel{display:flex;flex-direction:column;width:384px;max-width:calc(100vw - 40px);height:min(660px,calc(100dvh - 118px));margin-block-end:14px;overflow:hidden;
border-radius:20px;background:var(--bg);box-shadow:var(--shadow);position:relative}
header{display:flex;align-items:center;gap:12px;padding:16px 12px 16px 18px;padding-inline:18px 12px;background:var(--p);color:var(--on);
background-image:linear-gradient(160deg,#ffffff1f,#0000 55%)}
header div{flex:1;min-width:0}
h2{font-size:16.5px;font-weight:650;line-height:1.3;overflow-wrap:anywhere}
header p{font-size:13px;line-height:1.35}
header p.on::before{content:'';display:inline-block;width:8px;height:8px;border-radius:50%;margin-inline-end:6px;background:#3ddc84;box-shadow:0 0 0 1.5px var(--on)}
.icon{display:grid;place-items:center;flex:none;width:36px;height:36px;border-radius:10px;transition:background .12s}
header .icon:hover{background:#ffffff2b}
.icon:hover{background:var(--in)}
header :focus-visible{outline-color:var(--on)}
.trouble{padding:8px 18px;font-size:13px;line-height:1.35;background:var(--warn);color:var(--warn-fg)}
.log{flex:1;min-height:0;overflow:auto;overscroll-behavior:contain;scrollbar-width:thin;padding:16px 14px 8px;display:flex;flex-direction:column}
.log:focus-visible{outline-offset:-3px}
.older{align-self:center;min-height:30px;padding:0 14px;border-radius:15px;font-size:13px;font-weight:600;background:var(--in)}
.day{align-self:center;font-size:12px;color:var(--dim);margin:14px 0 8px}
.day:first-child{margin-block-start:0}
.row{display:flex;flex-direction:column;align-items:flex-start;max-width:84%;margin-block-start:3px;position:relative}
.row.first{margin-block-start:12px}
.row.mine{align-self:flex-end;align-items:flex-end}
.who{font-size:12px;color:var(--dim);margin:0 0 3px;margin-inline-start:12px}
.bubble{max-width:100%;padding:9px 13px;border-radius:18px;background:var(--in);white-space:pre-wrap;overflow-wrap:anywhere;min-width:0}
.row:not(.mine) .bubble{border-end-start-radius:6px}
.mine .bubble{background:var(--p);color:var(--on);border-end-end-radius:6px}
.bubble.bare{padding:0;background:none;color:var(--fg);overflow:hidden}
.bubble.soft{background:none;color:var(--dim);box-shadow:inset 0 0 0 1px var(--line);font-style:italic}
.bubble,.quote,textarea{unicode-bidi:plaintext}
.waiting .bubble{opacity:.72}
.quote{display:block;font-size:13px;line-height:1.35;padding-inline-start:9px;margin:1px 0 6px;border-inline-start:3px solid currentColor;opacity:.85;
max-height:3.9em;overflow:hidden}
.quote b{display:block;font-weight:600}
.meta{font-size:12px;color:var(--dim);margin:3px 4px 0;text-align:end;min-height:24px;line-height:24px}
button.meta{color:var(--bad);text-decoration:underline;text-underline-offset:2px}
.bubble img,.bubble video{display:block;max-width:100%;height:auto;max-height:280px;border-radius:16px;background:var(--in);object-fit:cover}
.bubble audio{display:block;width:250px;max-width:100%;height:42px}
.bare .text{padding:7px 2px 0}
.file{display:flex;align-items:center;gap:11px;text-decoration:none!important;min-width:0}
.file svg{flex:none;width:30px;height:30px;stroke-width:1.5}
.file span{min-width:0;overflow-wrap:anywhere;line-height:1.3}
.file small{display:block;font-size:12px}
.options{display:flex;flex-wrap:wrap;gap:7px;margin-block-start:8px}
.options.list{flex-direction:column;align-items:stretch;width:100%}
.option{min-height:38px;padding:7px 15px;border-radius:19px;font-weight:550;text-align:start;background:var(--bg);box-shadow:inset 0 0 0 1.5px var(--p2);transition:background .12s}
.option small{display:block;font-weight:400;font-size:12.5px;color:var(--dim)}
.option:hover:enabled{background:var(--p);color:var(--on)}.option:hover:enabled small{color:inherit}
.option:disabled{cursor:default;box-shadow:inset 0 0 0 1px var(--line);color:var(--dim)}
.option.chosen{background:var(--p);color:var(--on);box-shadow:none}
.reactions{display:flex;gap:3px;margin:-7px 10px 0;position:relative;z-index:1}
.reactions button,.reactions span{display:block;min-width:30px;height:26px;line-height:24px;padding:0 6px;border-radius:13px;font-size:14px;text-align:center;background:var(--bg);border:1px solid var(--line)}
.reactions .own{border-color:var(--p2)}
.tools{position:absolute;inset-block-end:0;inset-inline-start:100%;display:flex;padding-inline-start:4px;opacity:0;transition:opacity .12s;color:var(--dim)}
.tools .icon{width:30px;height:30px}.tools svg{width:18px;height:18px}
.row:hover .tools,.row:focus-within .tools{opacity:1}
@media(hover:none){.tools{opacity:.8}.row:not(:nth-last-of-type(-n+3)) .tools{opacity:0;pointer-events:none}}
.typing{display:flex;align-items:center;gap:8px;min-height:26px;padding:0 18px;font-size:12.5px;color:var(--dim)}
.dots{display:flex;gap:3px}.dots i{width:5px;height:5px;border-radius:50%;background:currentColor}
.new{position:absolute;inset-block-end:92px;inset-inline:0;margin:auto;width:max-content;min-height:32px;padding:0 15px;border-radius:16px;font-size:13px;font-weight:600;background:var(--fg);color:var(--bg);box-shadow:var(--shadow);z-index:2}
footer{padding:0 12px 12px;padding-block-end:max(12px,env(safe-area-inset-bottom))}
.answers{display:flex;align-items:center;gap:6px;padding:4px 4px 8px;font-size:13px;color:var(--dim)}
.answers span{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding-inline-start:9px;border-inline-start:3px solid var(--p2)}
.compose{display:flex;align-items:flex-end;gap:2px;padding:4px;border-radius:22px;background:var(--field);border:1px solid var(--line)}
.compose:focus-within{border-color:var(--p2);box-shadow:0 0 0 1px var(--p2)}
.compose .icon{border-radius:50%;color:var(--dim)}
textarea{flex:1;min-width:0;resize:none;outline:0!important;max-height:132px;min-height:36px;padding:7px 4px;line-height:22px;font-size:16px;scrollbar-width:thin}
::placeholder{color:var(--dim);opacity:1}
.compose .send{background:var(--p);color:var(--on);transition:opacity .12s,transform .12s}
.compose .send:hover{background:var(--p)}
.compose .send:disabled{opacity:.45;cursor:default}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media(max-width:480px){
:host([data-open]){inset:0}
.panel{position:fixed;inset:0;width:auto;max-width:none;height:auto;height:var(--vh,100dvh);margin:0;border-radius:0;box-shadow:none}
:host([data-open]) .launch{display:none}
header{padding-block-start:max(14px,env(safe-area-inset-top))}
}
@media(prefers-reduced-motion:no-preference){
.panel:not([hidden]){animation:rise .2s cubic-bezier(.2,.8,.2,1)}
.row.fresh{animation:pop .18s ease-out}
.dots i{animation:dot 1.2s infinite}.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}
@keyframes rise{from{opacity:0;transform:translateY(12px) scale(.98)}}
@keyframes pop{from{opacity:0;transform:translateY(6px)}}
@keyframes dot{0%,60%,100%{transform:none}30%{transform:translateY(-4px)}}
}
@media(prefers-reduced-motion:reduce){*{transition:none!important}}
@media(forced-colors:active){.panel,.launch,.bubble,.compose{border:1px solid}}
`
