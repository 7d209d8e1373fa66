// Texts under names, kept by this browser for this app (IndexedDB), so that they outlive a reload and a restart
// of the server. Python asks for a name, or gives a text to keep; it hears one answer to each.

const DATABASE = "elbo-room", TABLE = "texts", MOST = 40; // the oldest go first

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function table(mode) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE, { keyPath: "name" }).createIndex("when", "when");
  const database = await done(opening);
  const transaction = database.transaction(TABLE, mode);
  transaction.oncomplete = transaction.onabort = () => database.close();
  return transaction.objectStore(TABLE);
}

export async function load(name) {
  return (await done((await table("readonly")).get(name)))?.text ?? null;
}

export async function save(name, text) {
  const store = await table("readwrite");
  await done(store.put({ name, text, when: Date.now() }));
  const oldest = await done(store.index("when").getAllKeys());
  await Promise.all(oldest.slice(0, -MOST).map((each) => done(store.delete(each))));
}

const asked = new WeakMap(); // where Streamlit mounted it -> what it was asked last

/** The answer to what Python asks for, or gives. A browser may refuse to keep anything, as some private windows do. */
async function answer({ name, text }) {
  try {
    if (text === null) return { name, text: await load(name) };
    await save(name, text);
    return { name, kept: true };
  } catch {
    return text === null ? { name, text: null } : { name, kept: false };
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const question = JSON.stringify([data.name, data.text]);
  if (asked.get(parentElement) === question) return;
  asked.set(parentElement, question);
  answer(data).then((found) => {
    if (!data.quiet || found.text !== null) setTriggerValue("answer", found);
  });
}
