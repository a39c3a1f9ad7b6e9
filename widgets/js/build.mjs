// npm run build: one minified ES module for the hub. npm run dev: the harness page in dev/dist.
import { build, transform } from "esbuild";
import { readFile } from "node:fs/promises";
import { statSync } from "node:fs";

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

if (dev) {
  await build({ ...shared, entryPoints: ["dev/harness.ts"], outfile: "dev/dist/harness.js", sourcemap: "inline" });
} else {
  const outfile = "../static/gradbook.js";
  await build({ ...shared, entryPoints: ["src/bundle.ts"], outfile, minify: true });
  const bytes = statSync(outfile).size;
  console.log(`${outfile}: ${bytes.toLocaleString("en-US")} bytes of ${LIMIT.toLocaleString("en-US")}`);
  if (bytes > LIMIT) throw new Error(`bundle is ${bytes} bytes, more than ${LIMIT}`);
}
