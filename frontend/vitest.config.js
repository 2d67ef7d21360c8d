import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://localhost:6006/" } },
    globalSetup: "tests/setup_sample.js",
    setupFiles: "tests/setup_page.ts",
    include: ["tests/*.test.ts"],
    css: false,
    testTimeout: 30_000, // machines that test are busy ones
  },
});
