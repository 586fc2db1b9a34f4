package albertkeras;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The files that are packed behind a model, a ZIP archive without compression.
 *
 * <p>The archive's places are counted from its own beginning or the file's; of
 * what `ak.export.tflite` writes they are counted from the file's.
 */
final class PackedFiles {
  private static final int END = 0x06054b50;
  private static final int ENTRY = 0x02014b50;
  private static final int FILE = 0x04034b50;
  private static final int END_BYTES = 22;
  private static final int ENTRY_BYTES = 46;
  private static final int FILE_BYTES = 30;

  private PackedFiles() {}

  /**
   * @return the files by name; none where there is no archive
   * @throws AlbertException if it is damaged
   */
  static Map<String, byte[]> read(ByteBuffer file) {
    ByteBuffer data = file.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    Map<String, byte[]> files = new HashMap<String, byte[]>();
    int end = data.limit() - END_BYTES;
    if (end < 0 || data.getInt(end) != END) {
      return files;
    }
    int count = data.getShort(end + 10) & 0xffff;
    int entry = data.getInt(end + 16);
    for (int i = 0; i < count; i++) {
      need(data, entry, ENTRY_BYTES, ENTRY);
      int method = data.getShort(entry + 10);
      int check = data.getInt(entry + 16);
      int size = data.getInt(entry + 24);
      int nameSize = data.getShort(entry + 28) & 0xffff;
      int more = data.getShort(entry + 30) & 0xffff;
      int comment = data.getShort(entry + 32) & 0xffff;
      byte[] named = bytes(data, entry + ENTRY_BYTES, nameSize);
      String name = new String(named, PieceModel.UTF8);
      int start = data.getInt(entry + 42);
      need(data, start, FILE_BYTES, FILE);
      start +=
          FILE_BYTES
              + (data.getShort(start + 26) & 0xffff)
              + (data.getShort(start + 28) & 0xffff);
      byte[] content = bytes(data, start, size);
      CRC32 found = new CRC32();
      found.update(content);
      if (method != 0 || (int) found.getValue() != check) {
        throw broken();
      }
      files.put(name, content);
      entry += ENTRY_BYTES + nameSize + more + comment;
    }
    return files;
  }

  private static void need(ByteBuffer data, int at, int bytes, int kind) {
    if (at < 0 || at > data.limit() - bytes || data.getInt(at) != kind) {
      throw broken();
    }
  }

  private static byte[] bytes(ByteBuffer data, int start, int size) {
    if (start < 0 || size < 0 || start > data.limit() - size) {
      throw broken();
    }
    byte[] bytes = new byte[size];
    ByteBuffer part = data.duplicate();
    part.position(start);
    part.get(bytes);
    return bytes;
  }

  private static AlbertException broken() {
    return new AlbertException(
        "The files behind a .tflite model must be a whole ZIP archive, not"
            + " compressed. Received: a damaged one.");
  }
}
