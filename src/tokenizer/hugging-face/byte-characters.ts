/**
 * GPT-2's vocabulary files write every byte as a visible character: printable Latin-1 characters as themselves, the other bytes, in order, as the
 * characters from U+0100 on. So the space is `Ġ`, the line break `Ċ`.
 */
const characterOfByte: readonly string[] = (() => {
  let others = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
    return String.fromCharCode(printable ? byte : others++);
  });
})();
const byteOfCharacter = new Map(characterOfByte.map((character, byte) => [character, byte]));

const utf8 = new TextEncoder();

/** The UTF-8 bytes of `text`, each as its visible character. */
export function toByteCharacters(text: string): string {
  return byteCharacters(utf8.encode(text));
}

/** `bytes`, each as its visible character. */
export function byteCharacters(bytes: Uint8Array): string {
  let characters = '';
  for (const byte of bytes) characters += characterOfByte[byte];
  return characters;
}

/** The bytes that `characters` represent; undefined if one of them represents none. */
export function fromByteCharacters(characters: string): Uint8Array | undefined {
  const bytes = Array.from(characters, (character) => byteOfCharacter.get(character));
  return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes as number[]);
}
