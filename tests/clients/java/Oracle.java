import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Answers each line of standard input, a message, with what a library makes of it. */
public final class Oracle {
  private static void verify(JsonObject asked) throws Exception {
    Map<String, List<String>> headers = new HashMap<>();
    for (JsonElement header : asked.getAsJsonArray("headers")) {
      JsonArray pair = header.getAsJsonArray();
      headers.computeIfAbsent(pair.get(0).getAsString(), name -> new ArrayList<>()).add(pair.get(1).getAsString());
    }
    String body = new String(Base64.getDecoder().decode(asked.get("body").getAsString()), StandardCharsets.UTF_8);
    String secret = asked.get("secret").getAsString();
    if (asked.get("library").getAsString().equals("svix")) {
      new com.svix.Webhook(secret).verify(body, headers);
    } else {
      new com.standardwebhooks.Webhook(secret).verify(body, headers);
    }
  }

  public static void main(String[] words) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Gson gson = new Gson();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject answer = new JsonObject();
      try {
        verify(gson.fromJson(line, JsonObject.class));
        answer.addProperty("accepted", true);
        answer.addProperty("said", "nothing");
      } catch (Exception refusal) { // each library has errors of its own, and some let others through
        answer.addProperty("accepted", false);
        answer.addProperty("said", refusal.toString());
      }
      System.out.println(gson.toJson(answer));
    }
  }
}
