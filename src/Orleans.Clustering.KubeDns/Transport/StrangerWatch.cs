using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Watches connections for those that are no silo's: they are closed after a while, or as soon as others need their
/// place; those that do not even begin as one are reported in one line a minute. A silo's that has asked nothing for
/// long is closed, too: without a secret anybody can pass for a silo, and no place must be held for nothing.
/// </summary>
internal sealed partial class StrangerWatch(
    TransportOptions options, TransportCounts counts, LogThrottle throttle, TimeProvider time, ILogger logger)
{
    private readonly ConnectionLimit _limit = new(options.MaxConnections);

    public async Task WatchAsync(ConnectionContext connection, Func<Visit, Task> next)
    {
        using var place = _limit.Enter(connection);
        if (place is null)
        {
            counts.Reject(Rejection.TooManyConnections);
            Report(connection.RemoteEndPoint, "connection beyond those allowed");
            connection.Abort(new ConnectionAbortedException("All places are taken."));
            return;
        }

        // Whatever a closed connection is still waited for: a place held so long would keep it in memory.
        await using var closed = connection.ConnectionClosed.UnsafeRegister(
            static place => ((ConnectionLimit.Place)place!).Dispose(), place);
        var visit = new Visit(place);
        var timeout = options.StrangerTimeout;
        await using (time.CreateTimer(_ => Look(connection, visit), null, timeout, options.ConnectionIdle))
        {
            await next(visit).ConfigureAwait(false);
        }

        if (place.WasDisplaced) counts.Reject(Rejection.TooManyConnections);
        else if (!visit.IsKnown) counts.Reject(Rejection.Stranger);
        if (!visit.IsKnown) Report(connection.RemoteEndPoint, "connection without a message of ours");
    }

    public void Report(EndPoint? from, string what)
    {
        if (throttle.Pass("stranger", out var leftOut)) LogStranger(from, what, leftOut);
    }

    private static void Look(ConnectionContext connection, Visit visit)
    {
        if (!visit.IsTrusted || !visit.EndUse()) connection.Abort(new ConnectionAbortedException("No message came."));
    }

    /// <summary>What is known of one connection.</summary>
    internal sealed class Visit(ConnectionLimit.Place place)
    {
        private volatile bool _isKnown;
        private volatile bool _isUsed;

        /// <summary>It began as a silo does.</summary>
        public bool IsKnown => _isKnown;

        /// <summary>… and has proved to be one: it is no stranger's to displace.</summary>
        public bool IsTrusted => place.HasProved;

        public void Recognise() => _isKnown = true;

        public void Trust()
        {
            place.Prove();
            Use();
        }

        /// <summary>It asks something.</summary>
        public void Use() => _isUsed = true;

        /// <summary>Whether it has asked anything since this was called last.</summary>
        public bool EndUse()
        {
            var wasUsed = _isUsed;
            _isUsed = false;
            return wasUsed;
        }
    }

    [LoggerMessage(7310, LogLevel.Information, "The discovery port had a visitor that is no silo: {From}, {What} " +
        "({LeftOut} more since the last such line). Port scans and TCP probes look so; probe the status port instead.")]
    private partial void LogStranger(EndPoint? from, string what, int leftOut);
}
