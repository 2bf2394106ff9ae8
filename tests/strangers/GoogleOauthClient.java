// Client: google-oauth-client
// Ecosystem: Java
// Version: 1.34.1 (Debian's libgoogle-oauth-client-java)
// Install: apt default-jdk-headless libgoogle-oauth-client-java libgoogle-http-client-java libgoogle-gson-java
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: access_denied
// Limited: temporarily_unavailable
// Outage: temporarily_unavailable

import com.google.api.client.auth.oauth2.*;
import com.google.api.client.http.*;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.api.client.json.gson.GsonFactory;
import com.google.gson.Gson;
import java.util.*;

public class GoogleOauthClient {
  static final String ISSUER = System.getenv("ISSUER");
  static final String REDIRECT_URI = System.getenv("REDIRECT_URI");

  // snippet
  static final AuthorizationCodeFlow flow = new AuthorizationCodeFlow.Builder(
          BearerToken.authorizationHeaderAccessMethod(),
          new NetHttpTransport(),
          GsonFactory.getDefaultInstance(),
          new GenericUrl(ISSUER + "/api/oauth2/token"),
          new BasicAuthentication(System.getenv("CLIENT_ID"), System.getenv("CLIENT_SECRET")),
          System.getenv("CLIENT_ID"),
          ISSUER + "/oauth2/authorize")
      .setScopes(List.of("identify", "email"))
      .enablePKCE()
      .build();

  static String authorize() {
    return flow.newAuthorizationUrl().setRedirectUri(REDIRECT_URI).setState("of-the-session").build();
  }

  static TokenResponse callback(String code) throws Exception {
    return flow.newTokenRequest(code).setRedirectUri(REDIRECT_URI).execute();
  }

  static String me(TokenResponse token) throws Exception {
    Credential credential = flow.createAndStoreCredential(token, null);
    HttpRequestFactory requests = flow.getTransport().createRequestFactory(credential);
    return requests.buildGetRequest(new GenericUrl(ISSUER + "/api/users/@me")).execute().parseAsString();
  }

  static TokenResponse refresh(String token) throws Exception {
    return new RefreshTokenRequest(flow.getTransport(), flow.getJsonFactory(), new GenericUrl(ISSUER + "/api/oauth2/token"), token)
        .setClientAuthentication(flow.getClientAuthentication())
        .execute();
  }
  // end of snippet

  static Object call(List<String> call, Gson gson) throws Exception {
    switch (call.get(0)) {
      case "authorize":
        return authorize();
      case "callback":
        AuthorizationCodeResponseUrl answer = new AuthorizationCodeResponseUrl(call.get(1));
        if (answer.getError() != null) throw new IllegalStateException(answer.getError());
        return callback(answer.getCode());
      case "me":
        return gson.fromJson(me(new TokenResponse().setAccessToken(call.get(1)).setTokenType("Bearer").setExpiresInSeconds(3600L)), Map.class);
      case "refresh":
        return refresh(call.get(1));
      default:
        throw new IllegalStateException("no such call");
    }
  }

  public static void main(String[] arguments) {
    Gson gson = new Gson();
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      Map<String, Object> answer;
      try {
        Object returned = call(gson.fromJson(lines.nextLine(), List.class), gson);
        answer = Map.of("returned", returned);
      } catch (Exception error) {
        answer = Map.of("raised", Map.of("type", error.getClass().getSimpleName(), "message", String.valueOf(error.getMessage())));
      }
      System.out.println(gson.toJson(answer));
    }
  }
}
