// What comes back, and what is made of answers that nobody asked for.
#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

constexpr std::size_t kEnough = 200'000;  // writes, of an answer that never ends

// Answers one request with these bytes, and closes.
ScriptedServer::Script answering(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    if (!peer.request().empty()) peer.write(bytes);
  };
}

// The same, and repeats the last part until the client has enough.
ScriptedServer::Script answering_for_ever(std::string begin, std::string more) {
  return [begin = std::move(begin), more = std::move(more)](Peer& peer) {
    if (peer.request().empty() || !peer.write(begin)) return;
    for (std::size_t i = 0; i < kEnough && peer.write(more); ++i) {
    }
  };
}

Answer answer_of(const ScriptedServer::Script& script, AnswerLimits limits = {}) {
  ScriptedServer server(script);
  const auto sender = open_sender();
  auto request = post("http://" + server.at("127.0.0.1"));
  request.limits = limits;
  return send(*sender, request);
}

TEST(HttpAnswer, HasStatusHeadersAndBody) {
  const auto answer = answer_of(
      answering("HTTP/1.1 418 Short and stout\r\nRetry-After:  120 \r\nX-Two: a\r\nX-Two: b\r\nX-Empty:\r\n"
                "Content-Length: 5\r\n\r\nhello"));
  ASSERT_TRUE(answer) << explained(answer);
  const HttpFields expected{
      {"retry-after", "120"}, {"x-two", "a"}, {"x-two", "b"}, {"x-empty", ""}, {"content-length", "5"}};
  EXPECT_EQ(answer.value().status, 418);
  EXPECT_EQ(answer.value().headers, expected);
  EXPECT_EQ(answer.value().header("x-two"), "a");
  EXPECT_EQ(answer.value().header("retry-after"), "120");
  EXPECT_FALSE(answer.value().header("date"));
  EXPECT_EQ(answer.value().body, "hello");
  EXPECT_FALSE(answer.value().body_cut);
}

TEST(HttpAnswer, SaysHowFarItCameAndWhen) {
  ScriptedServer server(answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const auto answer = send(*open_sender(), post("http://" + server.at("localhost")));
  ASSERT_TRUE(answer) << explained(answer);
  const auto& progress = answer.value().progress;
  EXPECT_EQ(progress.address, server.at("127.0.0.1"));
  ASSERT_TRUE(progress.resolved && progress.connected && progress.first_byte);
  EXPECT_FALSE(progress.secured);
  EXPECT_LE(*progress.resolved, *progress.connected);
  EXPECT_LE(*progress.connected, *progress.first_byte);
  EXPECT_LE(*progress.first_byte, progress.whole);
  EXPECT_GT(progress.whole.count(), 0);
}

TEST(HttpAnswer, WithoutALengthEndsWithTheConnection) {
  const auto answer = answer_of(answering("HTTP/1.1 200 OK\r\n\r\nall of it"));
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().body, "all of it");
}

TEST(HttpAnswer, InChunksIsPutTogetherAndItsTrailersAreNoHeaders) {
  const auto answer =
      answer_of(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                          "Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: 1\r\n\r\n"));
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().body, "abcde");
  EXPECT_FALSE(answer.value().header("x-late"));
}

TEST(HttpAnswer, InterimOnesArePassedOver) {
  const auto answer =
      answer_of(answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: "
                          "1\r\n\r\nHTTP/1.1 204 None\r\nX-Late: 1\r\n\r\n"));
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().status, 204);
  EXPECT_FALSE(answer.value().header("x-early"));
  EXPECT_TRUE(answer.value().header("x-late"));
}

TEST(HttpAnswer, ARedirectIsAnAnswerAndIsNotFollowed) {
  ScriptedServer inside([](Peer& peer) {
    if (!peer.request().empty()) peer.answer("secret");
  });
  for (const int status : {300, 301, 302, 303, 307, 308}) {
    const auto to = "http://" + inside.at("127.0.0.1") + "/latest/meta-data/";
    const auto answer = answer_of([&](Peer& peer) {
      if (!peer.request().empty()) peer.answer("", "Location: " + to + "\r\n", status);
    });
    ASSERT_TRUE(answer) << explained(answer);
    EXPECT_EQ(answer.value().status, status);
    EXPECT_EQ(answer.value().header("location"), to);
  }
  EXPECT_EQ(inside.accepted(), 0);
}

TEST(HttpAnswer, AskingForAPasswordIsAnAnswerToo) {
  std::atomic<int> requests{0};
  const auto answer = answer_of([&](Peer& peer) {
    while (!peer.request().empty()) {
      ++requests;
      peer.answer("", "WWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Negotiate\r\n", 401);
    }
  });
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().status, 401);
  EXPECT_EQ(requests, 1);
}

TEST(HttpAnswer, OfABodyTheBeginningIsKept) {
  const std::string body = "0123456789";
  const auto script = [&](Peer& peer) {
    if (!peer.request().empty()) peer.answer(body);
  };
  const auto whole = answer_of(script, {.body_bytes_kept = 10});
  ASSERT_TRUE(whole) << explained(whole);
  EXPECT_EQ(whole.value().body, body);
  EXPECT_FALSE(whole.value().body_cut);
  const auto cut = answer_of(script, {.body_bytes_kept = 9});
  ASSERT_TRUE(cut) << explained(cut);
  EXPECT_EQ(cut.value().body, "012345678");
  EXPECT_TRUE(cut.value().body_cut);
  const auto none = answer_of(script, {.body_bytes_kept = 0});
  ASSERT_TRUE(none) << explained(none);
  EXPECT_TRUE(none.value().body.empty() && none.value().body_cut);
}

TEST(HttpAnswer, ABodyOfAsMuchAsIsTakenIsTakenAndOneByteMoreIsNot) {
  constexpr std::size_t kMax = 100'000;
  const auto body = [](std::size_t bytes) {
    return [bytes](Peer& peer) {
      if (!peer.request().empty()) peer.answer(std::string(bytes, 'x'));
    };
  };
  const auto whole = answer_of(body(kMax), {.body_bytes_max = kMax});
  ASSERT_TRUE(whole) << explained(whole);
  EXPECT_EQ(whole.value().body, std::string(4096, 'x'));
  const auto more = answer_of(body(kMax + 1), {.body_bytes_max = kMax});
  EXPECT_EQ(error_of(more), "answer_too_large");
  EXPECT_EQ(more.error().status, 200);
  EXPECT_THAT(explained(more), HasSubstr("body is larger than 100000 bytes"));
}

TEST(HttpAnswer, ABodyThatNeverEndsIsBrokenOff) {
  const std::string piece(16 * 1024, 'x');
  EXPECT_EQ(error_of(answer_of(answering_for_ever("HTTP/1.1 200 OK\r\n\r\n", piece))), "answer_too_large");
  EXPECT_EQ(error_of(answer_of(answering_for_ever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                                  "4000\r\n" + piece + "\r\n"))),
            "answer_too_large");
}

TEST(HttpAnswer, AHeadThatNeverEndsIsBrokenOff) {
  const auto fields = answer_of(answering_for_ever("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"));
  EXPECT_EQ(error_of(fields), "answer_too_large") << explained(fields);
  const auto large =
      answer_of(answering_for_ever("HTTP/1.1 200 OK\r\n", "X-A: " + std::string(2000, 'b') + "\r\n"));
  EXPECT_EQ(error_of(large), "answer_too_large") << explained(large);
  const auto line = answer_of(answering_for_ever("HTTP/1.1 200 OK\r\nX-A: ", std::string(1000, 'b')));
  EXPECT_EQ(error_of(line), "answer_too_large") << explained(line);
  const auto interim = answer_of(answering_for_ever("", "HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n"));
  EXPECT_EQ(error_of(interim), "answer_too_large") << explained(interim);
  const auto trailers = answer_of(
      answering_for_ever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-A: b\r\n"));
  EXPECT_EQ(error_of(trailers), "answer_too_large") << explained(trailers);
}

TEST(HttpAnswer, AHeadOfAsMuchAsIsTakenIsTakenAndOneByteMoreIsNot) {
  const std::string head = "HTTP/1.1 204 None\r\nX-A: b\r\n\r\n";
  EXPECT_TRUE(answer_of(answering(head), {.head_bytes_max = head.size()}));
  EXPECT_EQ(error_of(answer_of(answering(head), {.head_bytes_max = head.size() - 1})), "answer_too_large");
}

TEST(HttpAnswer, HasAHundredFieldsAtMost) {
  const auto fields = [](std::size_t count) {
    std::string head = "HTTP/1.1 204 None\r\n";
    for (std::size_t i = 0; i < count; ++i) head += "X-A: b\r\n";
    return answering(head + "\r\n");
  };
  EXPECT_TRUE(answer_of(fields(100)));
  EXPECT_EQ(error_of(answer_of(fields(101))), "answer_too_large");
}

// A few kilobytes of gzip that would be megabytes.
TEST(HttpAnswer, ACompressedBodyIsLeftAsItIs) {
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00\x00", 23);
  const auto answer = answer_of([&](Peer& peer) {
    if (!peer.request().empty()) peer.answer(gzip, "Content-Encoding: gzip\r\n");
  });
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().body, gzip);
}

// libcurl expands this one whether it was asked to or not.
TEST(HttpAnswer, ATransferCodingOtherThanChunkedIsRefused) {
  for (const char* coding : {"gzip", "gzip, chunked", "deflate", "identity", "chunked, chunked", "x"}) {
    const auto answer = answer_of(answering(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: ") + coding +
                                            "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
    EXPECT_EQ(error_of(answer), "bad_answer") << coding;
  }
}

TEST(HttpAnswer, ThatIsNoHttpIsABadOne) {
  for (const char* bytes :
       {"garbage", "garbage\r\n\r\n", "220 smtp.example ESMTP\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        "\x16\x03\x01\x02", "<html></html>", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 99 Odd\r\n\r\n"}) {
    const auto answer = answer_of(answering(bytes));
    EXPECT_EQ(error_of(answer), "bad_answer") << bytes << ": " << explained(answer);
  }
}

TEST(HttpAnswer, ThatIsBrokenOffIsNone) {
  for (const char* bytes : {"", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n",
                            "HTTP/1.1 200 OK\r\nX-A:", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                            "HTTP/1.1 100 Continue\r\n\r\n"}) {
    const auto answer = answer_of(answering(bytes));
    EXPECT_EQ(error_of(answer), "reset") << bytes << ": " << explained(answer);
  }
}

TEST(HttpAnswer, ThatBeganAndIsBrokenOffLeavesItsStatus) {
  const auto answer = answer_of(answering("HTTP/1.1 503 Away\r\nContent-Length: 10\r\n\r\n12345"));
  EXPECT_EQ(error_of(answer), "reset");
  EXPECT_EQ(answer.error().status, 503);
  EXPECT_FALSE(answer.error().progress.address.empty());
}

TEST(HttpAnswer, AResetIsOne) {
  const auto answer = answer_of([](Peer& peer) {
    if (!peer.request().empty()) peer.reset();
  });
  EXPECT_EQ(error_of(answer), "reset") << explained(answer);
}

TEST(HttpAnswer, BeforeTheRequestIsWholeCounts) {
  ScriptedServer server([](Peer& peer) {
    peer.answer("too large", "Connection: close\r\n", 413);
    peer.wait_for_end();
  });
  const auto answer =
      send(*open_sender(), post("http://" + server.at("127.0.0.1"), std::string(8 * 1024 * 1024, 'x')));
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().status, 413);
}

TEST(HttpAnswer, OfAnErrorNothingSecretIsSaid) {
  ScriptedServer server(answering("garbage-secret"));
  auto request = post("http://" + server.at("127.0.0.1") + "/secret?token=secret", "secret");
  request.headers = {{"Authorization", "Bearer secret"}};
  const auto answer = send(*open_sender(), request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().detail.find("secret"), std::string::npos) << answer.error().detail;
  EXPECT_THAT(answer.error().detail, HasSubstr(server.at("127.0.0.1")));
}

}  // namespace
}  // namespace penstock::testing
