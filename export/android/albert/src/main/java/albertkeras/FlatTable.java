package albertkeras;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A table of a flatbuffer, of which nothing is read that is outside.
 *
 * <p>A table begins with how far before it its list of fields stands; that list
 * holds its own size, the table's, and for each field where in the table it is,
 * or 0. A vector, a string or another table is in a field as how far behind it
 * stands.
 */
final class FlatTable {
  private final ByteBuffer data;
  private final int position;
  private final int fields;
  private final int fieldsSize;
  private final int size;

  /** The table that a whole file is. */
  static FlatTable rootOf(ByteBuffer file) {
    ByteBuffer data = file.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    data.position(0);
    return new FlatTable(data, offset(data, 0));
  }

  private FlatTable(ByteBuffer data, int position) {
    this.data = data;
    this.position = position;
    need(data, position, 4);
    long start = (long) position - data.getInt(position);
    if (start < 0 || start > data.limit() - 4 || (start & 1) == 1) {
      throw broken();
    }
    fields = (int) start;
    fieldsSize = data.getShort(fields) & 0xffff;
    size = data.getShort(fields + 2) & 0xffff;
    need(data, fields, fieldsSize);
    need(data, position, size);
    if (fieldsSize < 4 || size < 4) {
      throw broken();
    }
  }

  /** Where a field of some bytes stands; -1 if the table has none. */
  private int field(int number, int bytes) {
    int at = 4 + 2 * number;
    int offset = at + 2 > fieldsSize ? 0 : data.getShort(fields + at) & 0xffff;
    if (offset == 0) {
      return -1;
    }
    if (offset + bytes > size) {
      throw broken();
    }
    return position + offset;
  }

  /** An integer; 0 if it is absent, or one of 8 bits if {@code bytes} is 1. */
  int integer(int number, int bytes) {
    int at = field(number, bytes);
    if (at < 0) {
      return 0;
    }
    return bytes == 1 ? data.get(at) & 0xff : data.getInt(at);
  }

  /** A table; null if it is absent. */
  FlatTable table(int number) {
    int at = field(number, 4);
    return at < 0 ? null : new FlatTable(data, offset(data, at));
  }

  /** How many elements a vector has; 0 if it is absent. */
  int count(int number, int bytes) {
    int at = field(number, 4);
    if (at < 0) {
      return 0;
    }
    int start = offset(data, at);
    need(data, start, 4);
    int count = data.getInt(start);
    if (count < 0 || (long) count * bytes > data.limit() - start - 4) {
      throw broken();
    }
    return count;
  }

  /** A table in a vector of tables. */
  FlatTable element(int number, int index) {
    int start = offset(data, field(number, 4)) + 4;
    return new FlatTable(data, offset(data, start + 4 * index));
  }

  /** All of a vector of integers of 32 bits. */
  int[] integers(int number) {
    int[] values = new int[count(number, 4)];
    int start = values.length == 0 ? 0 : offset(data, field(number, 4)) + 4;
    for (int i = 0; i < values.length; i++) {
      values[i] = data.getInt(start + 4 * i);
    }
    return values;
  }

  /** A string; "" if it is absent. */
  String string(int number) {
    byte[] bytes = new byte[count(number, 1)];
    if (bytes.length > 0) {
      ByteBuffer part = data.duplicate();
      part.position(offset(data, field(number, 4)) + 4);
      part.get(bytes);
    }
    return new String(bytes, PieceModel.UTF8);
  }

  private static int offset(ByteBuffer data, int at) {
    need(data, at, 4);
    long target = (long) at + (data.getInt(at) & 0xffffffffL);
    if (target > data.limit() - 4 || (target & 3) != 0) {
      throw broken();
    }
    return (int) target;
  }

  private static void need(ByteBuffer data, int at, int bytes) {
    if (at < 0 || at > data.limit() - bytes) {
      throw broken();
    }
  }

  /** What is said of a file of which a part points outside. */
  static AlbertException broken() {
    return new AlbertException(
        "A model must be a whole .tflite file. Received: one that is damaged"
            + " or cut off.");
  }
}
