// Makes static/vendor/walletconnect/ of the npm packages: `npm run walletconnect`. One file that browsers load, and the
// licences of all that is in it. What is made is kept in the repository: an installation has no Node.

import { readFile, readdir, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const out = process.argv[2] ?? "static/vendor/walletconnect";
await mkdir(out, { recursive: true });
const { metafile } = await build({
  entryPoints: ["node_modules/@walletconnect/sign-client/dist/index.es.js"],
  outfile: join(out, "sign-client.js"),
  banner: { js: "// @walletconnect/sign-client and what it needs. Their licences: LICENSES.txt beside it." },
  bundle: true,
  define: { global: "globalThis" },
  format: "esm",
  legalComments: "none",
  metafile: true,
  minify: true,
  platform: "browser",
  target: "es2022",
});

const folders = new Set(Object.keys(metafile.inputs).map((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]));
const texts = await Promise.all([...folders].filter(Boolean).sort().map(async (folder) => {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).sort().find((each) => /^licen[cs]e/i.test(each));
  return { title: `${name} ${version}: ${license}`, text: file ? (await readFile(join(folder, file), "utf8")).trim() : "" };
}));
// The same text is written once, below all that it is for.
const titles = new Map();
for (const { title, text } of texts) titles.set(text, [...(titles.get(text) ?? []), title]);
const parts = [...titles].map(([text, names]) => `${names.join("\n")}\n\n${text}`.trim());
await writeFile(join(out, "LICENSES.txt"), `${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
