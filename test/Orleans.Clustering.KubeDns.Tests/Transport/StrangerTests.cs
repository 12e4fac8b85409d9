using System.Net;
using System.Net.Http;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Visitors that are no silos: each is sent away, and the server goes on serving.</summary>
public sealed class StrangerTests
{
    [Fact]
    public async Task HTTP_1_is_refused_shortly_and_noted()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var answer = await TalkAsync(server.Port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.InRange(answer.Length, 0, 512);
        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task Random_bytes_are_refused_shortly_and_noted()
    {
        await using var rig = new Rig { Options = new() { StrangerTimeout = TimeSpan.FromSeconds(1) } };
        var server = await rig.ServeAsync();
        var random = new Random(5);
        for (var i = 0; i < 20; i++)
        {
            var bytes = new byte[random.Next(24, 5_000)];
            random.NextBytes(bytes);
            Assert.InRange((await TalkAsync(server.Port, bytes)).Length, 0, 512);
        }

        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task Random_bytes_after_the_preface_of_HTTP_2_are_refused()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var random = new Random(6);
        for (var i = 0; i < 20; i++)
        {
            var bytes = new byte[2_000];
            random.NextBytes(bytes);
            await TalkAsync(server.Port, [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. bytes]);
        }

        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task A_connection_that_says_nothing_is_closed()
    {
        await using var rig = new Rig { Options = new() { StrangerTimeout = TimeSpan.FromSeconds(0.2) } };
        var server = await rig.ServeAsync();
        await TalkAsync(server.Port, []);
        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task A_connection_that_ends_half_way_is_noted()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        await visitor.SendAsync("PRI * HTTP/2.0\r\n"u8.ToArray());
        visitor.Finish();
        await visitor.DrainAsync();
        await AssertNotedAndServing(rig, server);
    }

    [Theory]
    [InlineData("GET", "/message", 404)]
    [InlineData("POST", "/", 404)]
    [InlineData("POST", "/statusz", 404)]
    [InlineData("POST", "/message", 400)] // no session, no code
    [InlineData("POST", "/session", 400)]
    public async Task Requests_for_something_else_get_a_bare_status(string method, string path, int status)
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var content = method == "GET" ? null : new ByteArrayContent([WireCodec.Version, 1, 2, 3]);
        using var response = await RequestAsync(server.Port, method, path, content);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.False(response.Headers.Contains("Server"));
        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_before_it_is_received()
    {
        await using var rig = new Rig { Options = new() { Limits = new() { MaxBytes = 1_000 } } };
        var server = await rig.ServeAsync();
        using var large = await RequestAsync(server.Port, "POST", "/message", new ByteArrayContent(new byte[1_001]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        using var endless = await RequestAsync(server.Port, "POST", "/message", new Slow(null));
        Assert.Equal(HttpStatusCode.LengthRequired, endless.StatusCode);
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_is_refused_and_holds_up_no_one()
    {
        await using var rig = new Rig { Options = new() { ReadTimeout = TimeSpan.FromSeconds(0.5) } };
        var server = await rig.ServeAsync();
        var slow = RequestAsync(server.Port, "POST", "/message", new Slow(1_000));
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 1), 1);
        using var response = await slow;
        Assert.Equal(HttpStatusCode.RequestTimeout, response.StatusCode);
    }

    [Fact]
    public async Task Large_bodies_share_their_room_and_small_ones_need_none()
    {
        await using var rig = new Rig
        {
            Options = new() { MaxLargeBodyBytes = 100_000, ReadTimeout = TimeSpan.FromSeconds(1) },
        };
        var server = await rig.ServeAsync();
        var body = new Slow(90_000);
        var first = RequestAsync(server.Port, "POST", "/message", body);
        await body.Begun.Task.WaitAsync(Patience);
        using var second = await RequestAsync(server.Port, "POST", "/message", new ByteArrayContent(new byte[90_000]));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 1), 1);
        (await first).Dispose();
    }

    [Fact]
    public async Task An_authenticated_message_that_is_none_is_refused()
    {
        await using var rig = new Rig();
        var wide = rig.Client();
        var narrow = new TransportOptions { Limits = new() { MaxText = 3 } };
        var strict = rig.Keep(new PeerServer(
            IPAddress.Loopback, 0, narrow, rig.Secret(), Echo, rig.Counts, rig.Log));
        await strict.StartAsync(default);
        Assert.Equal(Delivery.Malformed, (await SendAsync(wide, strict.Port)).Outcome);
        Assert.Contains("not of the wire format", rig.Log.All);
    }

    private static async Task AssertNotedAndServing(Rig rig, PeerServer server)
    {
        await rig.Log.Seen("a visitor that is no silo");
        Assert.Contains(Enum.GetValues<Rejection>(), reason => rig.Counts.Rejected(reason) > 0);
        Assert.Equal(1, rig.Log.All.Split('\n').Count(line => line.Contains("a visitor that is no silo")));
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 5), 5);
    }

    private static async Task<string> TalkAsync(int port, byte[] bytes)
    {
        using var visitor = await RawVisitor.ConnectAsync(port);
        await visitor.SendAsync(bytes);
        return await visitor.DrainAsync();
    }

    private static async Task<HttpResponseMessage> RequestAsync(
        int port, string method, string path, HttpContent? content)
    {
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        var request = new HttpRequestMessage(new HttpMethod(method), $"http://127.0.0.1:{port}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        return await invoker.SendAsync(request, CancellationToken.None).WaitAsync(Patience);
    }

    /// <summary>A body that sends one byte and then no more.</summary>
    private sealed class Slow(long? length) : HttpContent
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellation)
        {
            await stream.WriteAsync(new byte[] { WireCodec.Version }, cancellation);
            await stream.FlushAsync(cancellation);
            Begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long computed)
        {
            computed = length ?? 0;
            return length is not null;
        }
    }
}
