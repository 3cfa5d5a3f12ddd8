import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** COPY by the driver's CopyManager. */
final class Copying {
  static void checks() {
    Checks.check("copy in and out", Copying::inAndOut);
    Checks.check("copy in binary", Copying::binary);
    Checks.check("copy by hand, and given up", Copying::byHand);
    Checks.check("copy that fails", Copying::failing);
  }

  private static CopyManager manager(Connection c) throws Exception {
    return c.unwrap(PGConnection.class).getCopyAPI();
  }

  private static void inAndOut() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE copied (a int, b text)");
      System.out.println(manager(c).copyIn("COPY copied FROM STDIN WITH (FORMAT csv)", new StringReader("1,one\n2,\"two, too\"\n3,\n")));
      StringWriter out = new StringWriter();
      System.out.println(manager(c).copyOut("COPY copied TO STDOUT", out) + "\n" + out);
    }
  }

  private static void binary() throws Exception {
    try (Connection c = Checks.connect()) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      manager(c).copyOut("COPY (SELECT 1::int4, 'x'::text, NULL::date, 1.5::numeric) TO STDOUT (FORMAT binary)", out);
      System.out.println(new java.math.BigInteger(1, out.toByteArray()).toString(16));
      Checks.execute(c, "CREATE TABLE copied_binary (a int4, b text, c date, d numeric)");
      System.out.println(manager(c).copyIn("COPY copied_binary FROM STDIN (FORMAT binary)", new java.io.ByteArrayInputStream(out.toByteArray())));
      Checks.query(c, "SELECT * FROM copied_binary");
    }
  }

  private static void byHand() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE by_hand (a int)");
      var in = manager(c).copyIn("COPY by_hand FROM STDIN");
      in.writeToCopy("1\n2\n".getBytes(), 0, 4);
      System.out.println(in.endCopy() + " " + in.getFieldCount() + " " + in.getFormat());
      in = manager(c).copyIn("COPY by_hand FROM STDIN");
      in.writeToCopy("3\n".getBytes(), 0, 2);
      in.cancelCopy();
      var out = manager(c).copyOut("COPY by_hand TO STDOUT");
      for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
        System.out.print(new String(row));
      }
    }
  }

  private static void failing() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE copy_fails (a int)");
      Checks.fails(() -> manager(c).copyIn("COPY copy_fails FROM STDIN", new StringReader("1\nx\n")));
      Checks.fails(() -> manager(c).copyIn("COPY nowhere FROM STDIN", new StringReader("1\n")));
      Checks.query(c, "SELECT count(*) FROM copy_fails");
    }
  }
}
