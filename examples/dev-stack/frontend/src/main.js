const answer = await globalThis.fetch(import.meta.env.VITE_API_BASE_URL);
globalThis.document.querySelector("#settings").textContent = await answer.text();
