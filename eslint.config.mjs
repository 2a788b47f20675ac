// Type-aware lint, and the import rules of the house: see "Imports" in CONTRIBUTING.md. test/lint proves each of them.
import js from "@eslint/js";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

// A package may be imported only where it does not cost or bind everybody else.
const providerRoot = {
  regex: "^@cdktf/provider-[^/]+(/lib(/index(\\.js)?)?)?$",
  message: "Import the one thing, as in @cdktf/provider-aws/lib/instance: the whole package costs 2 s and 500 MB.",
};
const cdktfInside = {
  regex: "^(cdktf/.+|cdktn(/.*)?|@cdktn/.+)$",
  message: "Import cdktf by its root only: its successor cdktn takes its place by an alias.",
};
const pulumi = { regex: "^@pulumi/", message: "Only lib/pulumi imports Pulumi: it is optional and costs 0.8 s." };
const jest = {
  regex: "^(jest|expect|@jest/.+|jest-.+)$",
  message: "Only lib/testing knows Jest: users of the library need not have it.",
};
const restricted = (...patterns) => ({
  "@typescript-eslint/no-restricted-imports": ["error", { patterns: [providerRoot, cdktfInside, ...patterns] }],
});

// Which folders of lib a folder may import besides itself. The cli alone may import everything.
const layers = {
  core: [],
  builder: ["core"],
  image: ["core"],
  cluster: ["core"],
  hypervisor: ["core"],
  pulumi: ["core"],
  testing: ["core"],
  platform: ["core", "builder", "image", "cluster", "hypervisor"],
};
const zones = [
  ...Object.entries(layers).map(([folder, others]) => ({
    target: `./lib/${folder}`,
    from: "./lib",
    except: [folder, ...others].map((each) => `./${each}`),
    message: `lib/${folder} may import ${["itself", ...others].join(", ")} only.`,
  })),
  {
    target: "./lib",
    from: "./lib/**/index.ts",
    message: "Import the file that defines the name, not an entry point.",
  },
  {
    target: ["./lib/*.ts", "./stacks", "./examples"],
    from: "./lib/cli",
    message: "Nothing imports the command line.",
  },
];

const noOnly = {
  selector: "MemberExpression[object.name=/^(test|it|describe)$/][property.name='only']",
  message: "Would skip every other test.",
};
const pure = [
  ["Date", "the clock"],
  ["performance", "the clock"],
].map(([name, what]) => ({ name, message: `A synthesis must not depend on ${what}.` }));

const nodeGlobals = Object.fromEntries(
  ["Buffer", "console", "fetch", "performance", "process", "setTimeout", "URL"].map((name) => [name, "readonly"]),
);

export default tseslint.config(
  { ignores: ["dist/", "docs/api/", "**/cdktf.out/", "**/.gantry/", "test/fixtures/", "test/golden/", ".scratch/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.d.cts"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".cjs", ".js", ".json"] })] },
    rules: {
      ...restricted(pulumi),
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
      "import-x/no-cycle": "error",
      eqeqeq: ["error", "always"],
      "no-restricted-syntax": ["error", noOnly],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/unbound-method": "off", // our models are records of functions that use no `this`
      "no-control-regex": "off", // control characters are what several checks look for
      "@typescript-eslint/no-confusing-void-expression": "off",
    },
  },
  { files: ["lib/**/*.ts"], rules: { ...restricted(pulumi, jest), "no-console": "error" } },
  {
    files: ["lib/**/*.ts"],
    ignores: ["lib/cli/**", "lib/testing/**"],
    rules: {
      "no-restricted-globals": ["error", ...pure],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Same input, same output." },
      ],
    },
  },
  { files: ["lib/cli/**/*.ts"], rules: { "no-console": "off" } },
  // Matchers such as expect.any() and parsed output are `any`; an assertion follows at once.
  { files: ["test/**/*.ts"], rules: { "@typescript-eslint/no-unsafe-assignment": "off" } },
  { files: ["lib/pulumi/**/*.ts", "test/pulumi/**/*.ts"], rules: restricted(jest) },
  { files: ["lib/testing/**/*.ts"], rules: restricted(pulumi) },
  { files: ["**/*.mjs", "**/*.cjs"], languageOptions: { globals: nodeGlobals } },
  { files: ["**/*.cjs"], languageOptions: { sourceType: "commonjs", globals: { __dirname: "readonly" } } },
);
