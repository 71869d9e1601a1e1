#!/usr/bin/env node
// npm's pinned solc as the command that forge expects: `--version`, and standard JSON from stdin to stdout.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--liftoff-only"); // as chains_app/contracts/build.mjs does
const { default: solc } = await import("solc");
if (process.argv.includes("--version")) console.log(`solc, the solidity compiler\nVersion: ${solc.version()}`);
else process.stdout.write(solc.compile(readFileSync(0, "utf8")));
