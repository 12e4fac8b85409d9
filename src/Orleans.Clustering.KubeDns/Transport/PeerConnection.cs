using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// An HTTP answer, or (status 0) why there was none. <c>Mac</c> is empty where the answer carried none.
/// </summary>
internal sealed record HttpAnswer(
    int Status, byte[] Body, byte[] Mac, int? Version, Delivery Failure = default, string Reason = "")
{
    public static HttpAnswer None(Delivery failure, string reason) => new(0, [], [], null, failure, reason);
}

/// <summary>
/// The way to one peer: a handler of its own, so that replacing it gives a fresh connection for certain. Requests
/// under way end on the old one.
/// </summary>
internal sealed class PeerConnection
{
    private readonly string _root;
    private readonly int _maxBytes;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _invoker;
    private readonly Lock _lock = new();
    private long _answeredAt;
    private int _users;
    private bool _retired;

    public PeerConnection(PeerAddress address, TransportOptions options, TimeProvider time)
    {
        _root = $"http://{address}";
        _maxBytes = options.Limits.MaxBytes;
        _time = time;
        _answeredAt = long.MinValue;
        _invoker = new HttpMessageInvoker(Handler(options));
    }

    /// <summary>Whether any answer came over this connection at or after that moment.</summary>
    public bool AnsweredSince(long timestamp) => Interlocked.Read(ref _answeredAt) >= timestamp;

    /// <summary>No new request will come: close when the last one under way has ended.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            if (_retired) return;
            _retired = true;
            if (_users > 0) return;
        }

        _invoker.Dispose();
    }

    /// <summary>Takes part in this connection; false once it is retired. The request that follows ends it.</summary>
    public bool Enter()
    {
        lock (_lock)
        {
            if (_retired) return false;
            _users++;
            return true;
        }
    }

    /// <summary>After <see cref="Enter"/>. Throws only <see cref="OperationCanceledException"/>.</summary>
    public async Task<HttpAnswer> PostAsync(
        string path, byte[] body, List<KeyValuePair<string, string>> headers, CancellationToken cancellation)
    {
        try
        {
            using var request = Request(path, body, headers);
            using var response = await _invoker.SendAsync(request, cancellation).ConfigureAwait(false);
            var answer = await ReadAsync(response, cancellation).ConfigureAwait(false);
            Interlocked.Exchange(ref _answeredAt, _time.GetTimestamp());
            return answer;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            return Faults.Classify(error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // What breaks while a request is being cancelled is not the peer's doing.
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
        finally
        {
            Leave();
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_users > 0 || !_retired) return;
        }

        _invoker.Dispose();
    }

    private HttpRequestMessage Request(string path, byte[] body, List<KeyValuePair<string, string>> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _root + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private async Task<HttpAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var length = response.Content.Headers.ContentLength ?? 0;
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var body = await Wire.ReadAsync(stream, length, _maxBytes, cancellation).ConfigureAwait(false);
        if (body is null) return HttpAnswer.None(Delivery.Malformed, $"answered with {length} bytes");
        var version = int.TryParse(Header(response, Wire.VersionHeader), CultureInfo.InvariantCulture, out var number)
            ? number
            : (int?)null;
        var mac = Wire.FromHeader(Header(response, Wire.MacHeader), Macs.Size);
        return new HttpAnswer(status, body, mac ?? [], version);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    // A proxy or tracing of the environment must not come between silos; everything that could is off.
    private static SocketsHttpHandler Handler(TransportOptions options) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        ConnectCallback = ConnectAsync,
        EnableMultipleHttp2Connections = true,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        KeepAlivePingDelay = options.PingDelay,
        KeepAlivePingTimeout = options.PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        MaxResponseHeadersLength = 4,
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    };

    // Connecting here tells a refused attempt from whatever else may carry a socket's error.
    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var target = context.DnsEndPoint;
        var literal = IPAddress.TryParse(target.Host, out var address);
        EndPoint endpoint = literal ? new IPEndPoint(address!, target.Port) : target;
        var socket = literal
            ? new Socket(address!.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(endpoint, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception error)
        {
            socket.Dispose();
            if (error is SocketException fault) throw new ConnectException(fault);
            throw;
        }
    }
}
