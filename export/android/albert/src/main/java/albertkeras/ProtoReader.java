package albertkeras;

/** Reads the fields of a serialized protocol buffer, one after the other. */
final class ProtoReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int BYTES = 2;
  static final int FIXED32 = 5;

  private static final int GROUP = 3;
  private static final int GROUP_END = 4;
  private static final int MOST_GROUPS = 100;

  private final byte[] data;
  private final int end;
  private int position;
  private int tag;

  ProtoReader(byte[] data) {
    this(data, 0, data.length);
  }

  private ProtoReader(byte[] data, int start, int end) {
    this.data = data;
    this.position = start;
    this.end = end;
  }

  /** Goes to the next field; false at the end. */
  boolean next() {
    if (position == end) {
      return false;
    }
    long read = readVarint();
    if (read >>> 32 != 0 || read >>> 3 == 0) {
      throw broken("has a field without a number");
    }
    tag = (int) read;
    return true;
  }

  /** Whether this is the field of that number and wire type. */
  boolean is(int number, int wireType) {
    return tag >>> 3 == number && (tag & 7) == wireType;
  }

  boolean readBool() {
    return readVarint() != 0;
  }

  /** As C++ takes an enum or an int32: the lower half. */
  int readInt() {
    return (int) readVarint();
  }

  float readFloat() {
    int start = advance(4);
    int bits = 0;
    for (int i = 3; i >= 0; i--) {
      bits = bits << 8 | (data[start + i] & 0xff);
    }
    return Float.intBitsToFloat(bits);
  }

  byte[] readBytes() {
    int length = readLength();
    int start = advance(length);
    byte[] bytes = new byte[length];
    System.arraycopy(data, start, bytes, 0, length);
    return bytes;
  }

  /** The message in this field. */
  ProtoReader readMessage() {
    int length = readLength();
    int start = advance(length);
    return new ProtoReader(data, start, start + length);
  }

  /** Passes over this field. */
  void skip() {
    skip(0);
  }

  private void skip(int depth) {
    switch (tag & 7) {
      case VARINT:
        readVarint();
        break;
      case FIXED64:
        advance(8);
        break;
      case BYTES:
        advance(readLength());
        break;
      case FIXED32:
        advance(4);
        break;
      case GROUP:
        skipGroup(depth);
        break;
      default:
        throw broken("has a field of no known type");
    }
  }

  private void skipGroup(int depth) {
    int number = tag >>> 3;
    if (depth == MOST_GROUPS) {
      throw broken("has groups in groups");
    }
    while (next()) {
      if ((tag & 7) == GROUP_END) {
        if (tag >>> 3 == number) {
          return;
        }
        break;
      }
      skip(depth + 1);
    }
    throw broken("has a group without an end");
  }

  private long readVarint() {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      byte b = data[advance(1)];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw broken("has a number that does not end");
  }

  private int readLength() {
    long length = readVarint();
    if (length < 0 || length > end - position) {
      throw broken("breaks off");
    }
    return (int) length;
  }

  /** Takes some bytes; tells where they start. */
  private int advance(int length) {
    if (length > end - position) {
      throw broken("breaks off");
    }
    int start = position;
    position += length;
    return start;
  }

  private AlbertException broken(String what) {
    return new AlbertException(
        "A tokenizer must be given a SentencePiece model. Received: "
            + data.length
            + " bytes, a file that "
            + what
            + " at byte "
            + position
            + ".");
  }
}
