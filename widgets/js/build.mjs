// npm run build: one minified ES module for the hub, packed. npm run dev: the harness page in dev/dist.
import { build, transform } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";

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


/**
 * Bytes as text, four in five characters from `(` on: a quarter longer, where base64 is a third longer. No quote, no backslash and no `<` is
 * among them (`~` and `}` stand for the last two), so that it may stand in a string and in a page.
 */
function base85(bytes) {
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let text = "";
  for (let at = 0; at < padded.length; at += 4) {
    let word = padded.readUInt32BE(at);
    let five = "";
    for (let digit = 0; digit < 5; digit++) {
      five = String.fromCharCode((word % 85) + 40) + five;
      word = Math.floor(word / 85);
    }
    text += five;
  }
  return text.replaceAll("<", "~").replaceAll("\\", "}");
}

// anywidget keeps the module's text in the state of the model, and a saved page holds it too: so it travels deflated, and unfolds itself.
const loader = (packed, length) => `const packed="${packed}";
const bytes=new Uint8Array(${length + 3}),view=new DataView(bytes.buffer);
for(let at=0,to=0;at<packed.length;to+=4){let word=0;for(let i=0;i<5;i++){const code=packed.charCodeAt(at++);word=word*85+(code===126?20:code===125?52:code-40);}view.setUint32(to,word);}
const text=await new Response(new Blob([bytes.subarray(0,${length})]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
const url=URL.createObjectURL(new Blob([text],{type:"text/javascript"}));
const api=await import(url);
URL.revokeObjectURL(url);
export const mount=api.mount;
export default api.default;
`;

if (dev) {
  await build({ ...shared, entryPoints: ["dev/harness.ts"], outfile: "dev/dist/harness.js", sourcemap: "inline" });
} else {
  const outfile = "../static/gradbook.js";
  const { outputFiles } = await build({ ...shared, entryPoints: ["src/bundle.ts"], write: false, minify: true });
  const script = outputFiles[0].contents;
  const packed = deflateRawSync(script, { level: 9 });
  const text = loader(base85(packed), packed.length);
  await writeFile(outfile, text);
  const size = (n) => n.toLocaleString("en-US");
  console.log(`${outfile}: ${size(text.length)} bytes of ${size(LIMIT)}; unfolded ${size(script.length)}`);
  if (text.length > LIMIT) throw new Error(`bundle is ${text.length} bytes, more than ${LIMIT}`);
}
