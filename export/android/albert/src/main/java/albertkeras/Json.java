package albertkeras;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON (RFC 8259): a map, list, string, double, boolean or null. Android
 * has a class for that, the JVM none.
 */
final class Json {
  private static final int DEEPEST = 100;

  private final String text;
  private int position;
  private int depth;

  private Json(String text) {
    this.text = text;
  }

  /**
   * @throws AlbertException if the text is no JSON
   */
  static Object read(String text) {
    Json json = new Json(text);
    Object value = json.readValue();
    json.skipSpace();
    if (json.position < text.length()) {
      throw json.broken();
    }
    return value;
  }

  private Object readValue() {
    skipSpace();
    if (depth > DEEPEST || position == text.length()) {
      throw broken();
    }
    char c = text.charAt(position);
    switch (c) {
      case '{':
        return readMap();
      case '[':
        return readList();
      case '"':
        return readString();
      default:
        return readWord();
    }
  }

  private Map<String, Object> readMap() {
    Map<String, Object> map = new HashMap<String, Object>();
    position++;
    depth++;
    while (!isEnd('}', map.isEmpty())) {
      skipSpace();
      String key = readString();
      skipSpace();
      expect(':');
      map.put(key, readValue());
    }
    depth--;
    return map;
  }

  private List<Object> readList() {
    List<Object> list = new ArrayList<Object>();
    position++;
    depth++;
    while (!isEnd(']', list.isEmpty())) {
      list.add(readValue());
    }
    depth--;
    return list;
  }

  /** Takes the end of a map or list, or the comma before what follows. */
  private boolean isEnd(char end, boolean isEmpty) {
    skipSpace();
    if (position < text.length() && text.charAt(position) == end) {
      position++;
      return true;
    }
    if (!isEmpty) {
      expect(',');
    }
    return false;
  }

  private String readString() {
    expect('"');
    StringBuilder found = new StringBuilder();
    while (position < text.length()) {
      char c = text.charAt(position++);
      if (c == '"') {
        return found.toString();
      }
      found.append(c == '\\' ? readEscaped() : c);
    }
    throw broken();
  }

  private char readEscaped() {
    char c = position < text.length() ? text.charAt(position++) : 0;
    int known = "\"\\/bfnrt".indexOf(c);
    if (known >= 0) {
      return "\"\\/\b\f\n\r\t".charAt(known);
    }
    if (c != 'u' || position + 4 > text.length()) {
      throw broken();
    }
    String digits = text.substring(position, position + 4);
    position += 4;
    try {
      return (char) Integer.parseInt(digits, 16);
    } catch (NumberFormatException error) {
      throw broken();
    }
  }

  private Object readWord() {
    int start = position;
    while (position < text.length()
        && ",]} \t\r\n".indexOf(text.charAt(position)) < 0) {
      position++;
    }
    String word = text.substring(start, position);
    if (word.equals("true") || word.equals("false")) {
      return word.equals("true");
    }
    if (word.equals("null")) {
      return null;
    }
    try {
      return Double.valueOf(word);
    } catch (NumberFormatException error) {
      throw broken();
    }
  }

  private void skipSpace() {
    while (position < text.length()
        && " \t\r\n".indexOf(text.charAt(position)) >= 0) {
      position++;
    }
  }

  private void expect(char c) {
    if (position == text.length() || text.charAt(position) != c) {
      throw broken();
    }
    position++;
  }

  private AlbertException broken() {
    return new AlbertException(
        "The description of a model must be JSON. Received: something else at"
            + " character "
            + position
            + ".");
  }
}
