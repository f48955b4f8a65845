// bench_bare_ingress: the least that an HTTP server on Beast can do with a signed event: read the request,
// compute the HMAC, answer 200 if it matches, with Kafka once librdkafka has reported the body delivered. One
// io_context on one thread, keep-alive, no deadlines, no limits beyond Beast's, no record key or headers, a
// ready-made answer. What Penstock's ingress is compared with.

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <librdkafka/rdkafka.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/adapters/kafka/settings.h"
#include "common/crypto/crypto.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Executor = net::io_context::executor_type;
using Socket = net::basic_stream_socket<net::ip::tcp, Executor>;
using Acceptor = net::basic_socket_acceptor<net::ip::tcp, Executor>;

constexpr std::string_view kAccepted =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"received\": true}";
constexpr std::string_view kRefused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

// "t=1700000000,v1=<64 hex digits>", as the load sends it.
bool is_signed(std::string_view header, std::string_view body, const crypto::HmacSha256& key) {
  const auto comma = header.find(",v1=");
  if (!header.starts_with("t=") || comma == std::string_view::npos) return false;
  const auto digits = crypto::hex_digits(key.mac({header.substr(2, comma - 2), ".", body}));
  return crypto::constant_time_equal(header.substr(comma + 4), {digits.data(), digits.size()});
}

// One producer of bodies, and the thread that serves its delivery reports.
class Producer {
 public:
  Producer(const std::string& brokers, const std::string& topic) {
    auto conf = kafka::make_conf(kafka::producer_settings({.brokers = brokers}));
    if (!conf) fail(conf.error().detail);
    rd_kafka_conf_set_dr_msg_cb(conf.value().get(),
                                [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
                                  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
                                    fail(rd_kafka_err2str(message->err));
                                  static_cast<Delivered*>(message->_private)->on_delivered();
                                });
    auto handle = kafka::make_handle(RD_KAFKA_PRODUCER, std::move(conf.value()));
    if (!handle) fail(handle.error().detail);
    handle_ = std::move(handle.value());
    topic_.reset(rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
    reports_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) rd_kafka_poll(handle_.get(), 100);
    });
  }

  // Whom the report is for, on the reports' thread. It keeps the body until then.
  class Delivered {
   public:
    virtual void on_delivered() = 0;

   protected:
    ~Delivered() = default;
  };

  void append(std::string_view body, Delivered& delivered) {
    const int refused = rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, 0,
                                         const_cast<char*>(body.data()), body.size(), nullptr, 0, &delivered);
    if (refused != 0) fail(rd_kafka_err2str(rd_kafka_last_error()));
  }

 private:
  struct ForgetTopic {
    void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
  };

  kafka::Handle handle_;
  std::unique_ptr<rd_kafka_topic_t, ForgetTopic> topic_;
  std::jthread reports_;
};

class Session final : public std::enable_shared_from_this<Session>, Producer::Delivered {
 public:
  // Without a producer an event is answered at once.
  Session(Socket socket, const crypto::HmacSha256& key, Producer* producer)
      : socket_(std::move(socket)), key_(key), producer_(producer) {
    socket_.set_option(net::ip::tcp::no_delay(true));
  }

  void read() {
    parser_.emplace();
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& ec, std::size_t) {
                       if (!ec) self->take();
                     });
  }

 private:
  void take() {
    const auto& request = parser_->get();
    if (!is_signed(request["Stripe-Signature"], request.body(), key_)) return answer(kRefused);
    if (producer_ == nullptr) return answer(kAccepted);
    undelivered_ = shared_from_this();
    producer_->append(request.body(), *this);
  }

  void on_delivered() override {
    net::post(socket_.get_executor(), [self = std::move(undelivered_)] { self->answer(kAccepted); });
  }

  void answer(std::string_view text) {
    net::async_write(socket_, net::buffer(text),
                     [self = shared_from_this()](const error_code& ec, std::size_t) {
                       if (!ec) self->read();
                     });
  }

  Socket socket_;
  const crypto::HmacSha256& key_;
  Producer* const producer_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::shared_ptr<Session> undelivered_;
};

void accept(Acceptor& acceptor, const crypto::HmacSha256& key, Producer* producer) {
  acceptor.async_accept([&acceptor, &key, producer](const error_code& ec, Socket socket) {
    if (!ec) std::make_shared<Session>(std::move(socket), key, producer)->read();
    accept(acceptor, key, producer);
  });
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  std::string secret, brokers, topic;
  CLI::App app("A bare Beast server that checks signatures");
  app.add_option("--secret", secret)->required();
  app.add_option("--kafka", brokers, "brokers; without them it answers at once");
  app.add_option("--topic", topic);
  CLI11_PARSE(app, argc, argv);

  const penstock::crypto::HmacSha256 key(secret);
  net::io_context context{1};
  Acceptor acceptor(context, {net::ip::address_v4::loopback(), 0});
  std::optional<Producer> producer;
  if (!brokers.empty()) producer.emplace(brokers, topic);
  accept(acceptor, key, producer ? &*producer : nullptr);
  report_listening(fmt::format("127.0.0.1:{}", acceptor.local_endpoint().port()));
  context.run();
}
