// Compiles the contracts with npm's pinned solc: `npm run contracts`, or `node build.mjs <folder>` to write elsewhere.
// What is compiled is part of every deposit address, so the settings below must never change after a release.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--liftoff-only"); // solc is one huge WebAssembly module: optimizing it takes longer than running it
const { default: solc } = await import("solc");

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? here;

function compile(folder) {
  const files = readdirSync(join(here, folder)).filter((name) => name.endsWith(".sol")).sort();
  const sources = Object.fromEntries(
    files.map((name) => [join(folder, name), { content: readFileSync(join(here, folder, name), "utf8") }]),
  );
  const settings = {
    evmVersion: "paris", // no PUSH0: one bytecode for networks old and new
    optimizer: { enabled: true, runs: 1_000_000 },
    metadata: { appendCBOR: false, bytecodeHash: "none" }, // no comment or path may move an address
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
  };
  const imports = (name) => ({ contents: readFileSync(join(here, name), "utf8") });
  const input = JSON.stringify({ language: "Solidity", sources, settings });
  const output = JSON.parse(solc.compile(input, { import: imports }));
  if (output.errors?.length) {
    console.error(output.errors.map((each) => each.formattedMessage).join("\n"));
    process.exit(1);
  }
  const own = Object.entries(output.contracts).filter(([file]) => file in sources);
  const contracts = own.flatMap(([, made]) => Object.entries(made));
  return Object.fromEntries(
    contracts
      .filter(([, made]) => made.evm.bytecode.object !== "")
      .map(([name, made]) => [
        name,
        { abi: made.abi, bytecode: `0x${made.evm.bytecode.object}`, runtime: `0x${made.evm.deployedBytecode.object}` },
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function write(name, folder) {
  const made = { compiler: solc.version(), contracts: compile(folder) };
  writeFileSync(join(target, name), `${JSON.stringify(made, null, 1)}\n`);
}

write("artifacts.json", "");
write("test_artifacts.json", "testing");
