/** Encodes text in GBK, for which the platform only has a decoder: every two bytes are decoded once, and looked up from then on. */
export function gbkEncoder(): (text: string) => Uint8Array {
  const codes = new Map<string, number>();
  const decoder = new TextDecoder('gbk');
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      const character = decoder.decode(Uint8Array.of(lead, trail));
      if (character.length === 1 && character !== '\ufffd') codes.set(character, lead * 256 + trail);
    }
  }
  return (text) => {
    const bytes = new Uint8Array(text.length * 2);
    let length = 0;
    for (let at = 0; at < text.length; at += 1) {
      const ascii = text.charCodeAt(at);
      const code = ascii < 128 ? ascii : (codes.get(text.charAt(at)) ?? questionMark);
      if (code > 255) {
        bytes[length] = code >> 8;
        length += 1;
      }
      bytes[length] = code & 255;
      length += 1;
    }
    return bytes.subarray(0, length);
  };
}

const questionMark = 63;
