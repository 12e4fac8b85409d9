using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Servers and clients over loopback, each with secrets and logs of its own; disposed together.</summary>
internal sealed class Rig : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<IAsyncDisposable> _parts = [];

    public TransportOptions Options { get; init; } = new() { StopTimeout = TimeSpan.FromSeconds(0.2) };

    public TransportCounts Counts { get; } = new();

    public Lines Log { get; } = new();

    /// <summary>Answers a probe with its round, at once.</summary>
    public static MessageHandler Echo { get; } = (request, _) =>
        Task.FromResult<Envelope?>(request with { Body = new Mark(((Probe)request.Body).Round, 0, false) });

    public static Envelope Probe(long round) =>
        new Samples(1) { Sparse = false }.Envelope() with { Body = new Probe(round) };

    public static PeerAddress At(int port, string host = "127.0.0.1") => new(host, port);

    public async Task<PeerServer> ServeAsync(
        MessageHandler? handler = null, SecretFiles? secrets = null, string host = "127.0.0.1", int port = 0)
    {
        var server = Keep(new PeerServer(
            IPAddress.Parse(host), port, Options, secrets ?? Secret(), handler ?? Echo, Counts, Log));
        await server.StartAsync(CancellationToken.None);
        return server;
    }

    public PeerClient Client(SecretFiles? secrets = null) => Keep(new PeerClient(Options, secrets ?? Secret(), Counts));

    public SecretFiles Secret(SecretFolder? folder = null, TimeProvider? time = null) => folder is null
        ? new SecretFiles(null, null, Log)
        : new SecretFiles(folder.Current, folder.Previous, Log, time);

    public T Keep<T>(T part) where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }

    public async ValueTask DisposeAsync()
    {
        _parts.Reverse();
        foreach (var part in _parts) await part.DisposeAsync();
    }

    public static async Task<PeerReply> SendAsync(
        PeerClient client, int port, long round = 1, TimeSpan? deadline = null) =>
        await client.SendAsync(At(port), Probe(round), deadline ?? Patience, CancellationToken.None);

    public static void AssertEchoed(PeerReply reply, long round)
    {
        Assert.True(reply.Outcome == Delivery.Replied, $"{reply.Outcome}: {reply.Detail}");
        Assert.Equal(new Mark(round, 0, false), reply.Envelope!.Body);
    }

    /// <summary>A socket that listens and does nothing else.</summary>
    public static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    public static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}

/// <summary>Keeps log lines, and lets a test wait for one.</summary>
internal sealed class Lines : ILogger
{
    private readonly List<string> _lines = [];
    private readonly HashSet<int> _ids = [];
    private readonly List<(string Part, TaskCompletionSource Seen)> _waiting = [];

    public string All
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>The events that were logged.</summary>
    public IReadOnlyCollection<int> Ids
    {
        get
        {
            lock (_lines) return [.. _ids];
        }
    }

    public Task Seen(string part)
    {
        lock (_lines)
        {
            if (_lines.Any(line => line.Contains(part))) return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((part, seen));
            return seen.Task.WaitAsync(Rig.Patience);
        }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> format)
    {
        lock (_lines)
        {
            var line = $"{logLevel}: {format(state, exception)} {exception}";
            _lines.Add(line);
            _ids.Add(eventId.Id);
            foreach (var (part, seen) in _waiting)
            {
                if (line.Contains(part)) seen.TrySetResult();
            }
        }
    }
}

/// <summary>A folder with the two secret files of one silo.</summary>
internal sealed class SecretFolder : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kubedns-secret-");

    public SecretFolder(string? current, string? previous = null) => Write(current, previous);

    public string Current => Path.Combine(_folder.FullName, "current");

    public string Previous => Path.Combine(_folder.FullName, "previous");

    public void Write(string? current, string? previous = null)
    {
        Put(Current, current);
        Put(Previous, previous);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static void Put(string path, string? text)
    {
        if (text is null) File.Delete(path);
        else File.WriteAllText(path, text + "\n");
    }
}

/// <summary>A clock that a test moves.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
