/** Before all tests: the sample views, made by the very structs that the back end sends. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FRONTEND = dirname(dirname(fileURLToPath(import.meta.url)));
export const SAMPLE = join(FRONTEND, "node_modules", ".cache", "sample.json");

export default function setup() {
  const own = join(FRONTEND, "..", ".venv", "bin", "python");
  const python = process.env.PYTHON_FOR_SAMPLE ?? (existsSync(own) ? own : "python3");
  mkdirSync(dirname(SAMPLE), { recursive: true });
  execFileSync(python, ["-B", join(FRONTEND, "dev", "sample.py"), SAMPLE], { stdio: "inherit" });
}
