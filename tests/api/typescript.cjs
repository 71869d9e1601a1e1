// Lets node run TypeScript: each file is transpiled as it is asked for, and its types are left out.
const fs = require("node:fs");
const { ModuleKind, ScriptTarget, transpileModule } = require(process.env.TYPESCRIPT);

const compilerOptions = { esModuleInterop: true, module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 };

require.extensions[".ts"] = (module, filename) => {
  const source = fs.readFileSync(filename, "utf8");
  module._compile(transpileModule(source, { compilerOptions, fileName: filename }).outputText, filename);
};
