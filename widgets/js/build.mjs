// npm run build: one minified ES module for the hub, packed. npm run dev: the harness page in dev/dist.
import zopfli from "@gfx/zopfli";
import { build, transform } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";

const LIMIT = 150 * 1024; // bytes; design.md section 8
const dev = process.argv.includes("--dev");

/** A style sheet is imported as text, without its comments and spaces. */
const cssText = {
  name: "css-text",
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, charset: "utf8" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};
const shared = { bundle: true, format: "esm", target: "es2022", charset: "utf8", legalComments: "none", plugins: [cssText] };


// anywidget keeps the module's text in the state of the model, and a saved page holds it too: so it travels deflated, and unfolds itself.
const loader = (packed) => `const packed="${packed}",bytes=[];
const digit=(i)=>{const c=packed.charCodeAt(i);return c-33-(c>34)-(c>60)-(c>92)};
let i=1,bits=0,n=0;
for(;i<packed.length;i+=2){
const pair=digit(i-1)+91*digit(i);
bits|=pair<<n;
for(n+=(pair&8191)>88?13:14;n>7;n-=8,bits>>>=8)bytes.push(bits&255);
}
if(i===packed.length)bytes.push((bits|digit(i-1)<<n)&255);
const text=await new Response(new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
const url=URL.createObjectURL(new Blob([text],{type:"text/javascript"}));
const api=await import(url);
URL.revokeObjectURL(url);
export const mount=api.mount;
export default api.default;
`;

/** basE91 (J. Henke): two of 91 printable characters carry 13 bits, or 14. 8 % shorter than base64; none of them is escaped in a page. */
function printable(bytes) {
  const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((letter) => !'"<\\'.includes(letter));
  let [text, bits, n] = ["", 0, 0];
  const write = (pair) => (text += letters[pair % 91] + letters[Math.floor(pair / 91)]);
  for (const byte of bytes) {
    bits |= byte << n;
    n += 8;
    if (n <= 13) continue;
    const wide = (bits & 8191) > 88 ? 13 : 14;
    write(bits & ((1 << wide) - 1));
    bits >>>= wide;
    n -= wide;
  }
  if (n > 7 || bits > 90) write(bits);
  else if (n > 0) text += letters[bits];
  return text;
}

if (dev) {
  await build({ ...shared, entryPoints: ["dev/harness.ts"], outfile: "dev/dist/harness.js", sourcemap: "inline" });
} else {
  const outfile = "../static/gradbook.js";
  const { outputFiles } = await build({ ...shared, entryPoints: ["src/bundle.ts"], write: false, minify: true });
  const script = outputFiles[0].contents;
  const packed = Buffer.from(await zopfli.deflateAsync(script, {})); // 4 % smaller than zlib at its best
  const text = loader(printable(packed));
  await writeFile(outfile, text);
  const size = (n) => n.toLocaleString("en-US");
  console.log(`${outfile}: ${size(text.length)} bytes of ${size(LIMIT)}; unfolded ${size(script.length)}`);
  if (text.length > LIMIT) throw new Error(`bundle is ${text.length} bytes, more than ${LIMIT}`);
}
