using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>The place that a connection holds, when what serves it never comes to its end.</summary>
public sealed class StrangerWatchTests
{
    private readonly StrangerWatch _watch = new(
        new TransportOptions { MaxConnections = 1, StrangerTimeout = Timeout.InfiniteTimeSpan }, new TransportCounts(),
        new LogThrottle(TimeProvider.System), TimeProvider.System, NullLogger.Instance);

    // Kestrel may wait for the streams of an aborted connection for ever.
    [Fact]
    public void A_closed_connection_frees_its_place_though_it_is_never_done_with()
    {
        var first = Visit();
        first.Close();
        var second = Visit();
        Assert.False(first.WasAborted, "It was displaced, though it held no place.");

        Visit();
        Assert.True(second.WasAborted);
    }

    [Fact]
    public void A_closed_connection_is_not_kept_in_memory_though_it_is_never_done_with()
    {
        var left = VisitAndLeave();
        Alone.LiveBytes();

        Assert.False(left.TryGetTarget(out _));
        GC.KeepAlive(_watch);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference<Connection> VisitAndLeave()
    {
        var connection = Visit();
        connection.Close();
        return new WeakReference<Connection>(connection);
    }

    private Connection Visit()
    {
        var connection = new Connection();
        _ = _watch.WatchAsync(connection, _ => new TaskCompletionSource().Task);
        return connection;
    }

    private sealed class Connection : DefaultConnectionContext
    {
        private readonly CancellationTokenSource _closed = new();

        public Connection() => ConnectionClosed = _closed.Token;

        public bool WasAborted { get; private set; }

        public void Close() => _closed.Cancel();

        public override void Abort(ConnectionAbortedException abortReason) => WasAborted = true;
    }
}
