import { defineConfig } from "vitest/config";

// Fixtures that Python and TypeScript share lie outside this folder.
export default defineConfig({ server: { fs: { strict: false } }, test: { environment: "happy-dom", include: ["tests/**/*.test.ts"], css: false } });
