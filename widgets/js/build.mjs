// npm run build: minified ES modules for the hubs, packed: the live view with its company, and the walkthrough. npm run dev: the harness page in dev/dist.
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


// anywidget keeps the module's text in the state of the model, and a saved page holds it too: so it travels deflated, and unfolds itself.
const loader = (packed) => `const packed="${packed}";
const bytes=Uint8Array.from(atob(packed),(c)=>c.charCodeAt(0));
const text=await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
const url=URL.createObjectURL(new Blob([text],{type:"text/javascript"}));
const api=await import(url);
URL.revokeObjectURL(url);
export const mount=api.mount;
export default api.default;
`;

// What a built module exports. Not `render`: anywidget takes a module that exports it for an old-style one and skips `initialize`.
const entry = (name) => ({ contents: `export { default, mount } from "./src/${name}";`, resolveDir: ".", loader: "ts" });

if (dev) {
  await build({ ...shared, entryPoints: ["dev/harness.ts"], outfile: "dev/dist/harness.js", sourcemap: "inline" });
} else {
  for (const [name, source] of [["gradbook", "main"], ["walk", "walkmain"]]) {
    const { outputFiles } = await build({ ...shared, stdin: entry(source), write: false, minify: true });
    const script = outputFiles[0].contents;
    const text = loader(deflateRawSync(script, { level: 9, memLevel: 9 }).toString("base64"));
    await writeFile(`../static/${name}.js`, text);
    const size = (n) => n.toLocaleString("en-US");
    console.log(`${name}.js: ${size(text.length)} bytes of ${size(LIMIT)}; unfolded ${size(script.length)}`);
    if (text.length > LIMIT) throw new Error(`${name}.js is ${text.length} bytes, more than ${LIMIT}`);
  }
}
