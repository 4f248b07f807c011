/** How the parts of the second script look; added to the stylesheet of the widget. */

export const CSS = `
.emoji{position:absolute;inset-block-end:32px;inset-inline-start:40px;display:flex;gap:2px;padding:4px;border-radius:22px;background:var(--bg);box-shadow:var(--shadow);z-index:3}
.emoji button{width:36px;height:36px;font-size:20px;line-height:36px;border-radius:50%;font-family:'Apple Color Emoji','Segoe UI Emoji','Noto Color Emoji',sans-serif}.emoji button:hover{background:var(--in)}
.emoji.all{position:static;flex-wrap:wrap;justify-content:center;max-height:190px;overflow:auto;margin-block-end:8px;border-radius:16px;box-shadow:inset 0 0 0 1px var(--line);scrollbar-width:thin}
.card{align-self:stretch;margin-block-start:14px;padding:14px;border-radius:16px;border:1px solid var(--line);display:grid;gap:9px;font-size:14px}
.card p{font-weight:600}
.card input{width:100%;height:40px;padding:0 12px;border-radius:10px;background:var(--field);border:1px solid var(--line);font-size:16px}
.card div{display:flex;gap:8px}
.card button{min-height:38px;padding:0 16px;border-radius:10px;font-weight:600}
.card button[type=submit]{background:var(--p);color:var(--on)}
.help div{align-items:center}.help p{font-weight:400}.help ul{display:grid;gap:10px;margin:0;padding:0;list-style:none}.help a{display:block;color:var(--p2)}.help span{display:-webkit-box;overflow:hidden;font-size:13px;-webkit-box-orient:vertical;-webkit-line-clamp:2}
.cards{align-self:stretch;display:grid}.join label{display:flex;gap:9px;font-size:13.5px;line-height:1.4}.join input[type=checkbox]{flex:none;width:20px;height:20px}.join a{color:var(--p2)}.join small:empty{display:none}
progress{display:block;width:100%;height:4px;margin-block-start:7px;border:0;border-radius:2px;overflow:hidden;appearance:none;background:#8885}
progress::-webkit-progress-bar{background:none}progress::-webkit-progress-value{background:currentColor}progress::-moz-progress-bar{background:currentColor}
.greeting{position:relative;width:300px;max-width:calc(100vw - 40px);margin-block-end:12px;padding:13px 15px;border-radius:18px;background:var(--bg);box-shadow:var(--shadow);overflow-wrap:anywhere}
:host([data-open]) .greeting{display:none}
.greeting b{display:block;font-size:12.5px;color:var(--dim);padding-inline-end:30px}.greeting a{color:var(--p2)}
.greeting p{white-space:pre-wrap;max-height:9em;overflow:auto;unicode-bidi:plaintext}
.greeting>.icon{position:absolute;inset-block-start:4px;inset-inline-end:5px;color:var(--dim)}
.greeting .options{margin-block-start:10px}
@media(prefers-reduced-motion:no-preference){.greeting{animation:rise .25s cubic-bezier(.2,.8,.2,1)}}
@media(forced-colors:active){.greeting{border:1px solid}}
.drop{position:absolute;inset:8px;display:grid;place-items:center;border:2px dashed var(--p2);border-radius:16px;background:var(--bg);font-weight:600;z-index:4;pointer-events:none}
.wants{position:absolute;inset:0;overflow:auto;padding:10px 14px 18px;background:var(--bg);z-index:5}
.wants>.icon{margin-inline-start:auto}.wants .card{margin:6px 0 0;border:0;padding:0;gap:14px}.said{font-weight:600;min-height:1.4em}
.wants fieldset{display:grid;gap:10px;margin:0;padding:0;border:0;min-width:0}.wants legend{padding:0 0 8px;font-weight:600}.wants b,.wants small{display:block}.wants small{font-size:12.5px;color:var(--dim)}
.wants input{flex:none;width:20px;height:20px}.wants .card div{flex-wrap:wrap}.wants .card .quiet{background:var(--in);color:var(--fg)}
.bar{align-items:center;gap:8px}
.bar .words{flex:1;min-width:0;padding:6px 2px;font-size:13.5px;line-height:1.35}
.time{font-variant-numeric:tabular-nums;min-width:4ch;text-align:end;padding-inline-end:4px}
.levels{flex:1;min-width:0;height:26px;display:flex;align-items:center;justify-content:flex-end;gap:2px;overflow:hidden}
.levels i{flex:0 0 4px;height:100%;border-radius:2px;background:var(--p2);transform:scaleY(.08)}
.bar.on .time::before{content:'';display:inline-block;width:9px;height:9px;margin-inline-end:7px;border-radius:50%;background:#d1242f}
.share{flex:none;min-height:36px;padding:0 16px;border-radius:18px;font-weight:600;background:var(--p);color:var(--on)}
@media(prefers-reduced-motion:no-preference){.bar.on .time::before{animation:on 1.4s infinite}@keyframes on{50%{opacity:.25}}}
@media(forced-colors:active){.levels i{background:CanvasText}}
`
