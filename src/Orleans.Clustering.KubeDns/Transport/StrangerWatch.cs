using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Watches connections for those that bring no message of ours: they are closed after a while, or as soon as others
/// need their place, and reported in one line a minute. What Kestrel itself makes of HTTP/1.1 or garbage never becomes
/// a request, so only the connection can tell.
/// </summary>
internal sealed partial class StrangerWatch(
    TransportOptions options, TransportCounts counts, LogThrottle throttle, TimeProvider time, ILogger logger)
{
    private static readonly object Key = typeof(StrangerWatch);

    private readonly ConnectionLimit _limit = new(options.MaxConnections);

    /// <summary>The connection of this request brought a message of ours.</summary>
    public static void Recognise(HttpContext context)
    {
        if (Of(context) is { } visit) visit.Known = true;
    }

    /// <summary>… and an authenticated one: it is no stranger's to displace.</summary>
    public static void Trust(HttpContext context) => Of(context)?.Place.Prove();

    public static bool IsTrusted(HttpContext context) => Of(context)?.Place.HasProved == true;

    public async Task WatchAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using var place = _limit.Enter(connection);
        if (place is null)
        {
            counts.Reject(Rejection.TooManyConnections);
            Report(connection.RemoteEndPoint, "connection beyond those allowed");
            connection.Abort(new ConnectionAbortedException("All places are taken."));
            return;
        }

        // Kestrel may wait for streams of a closed connection for ever; a place held so long would keep it in memory.
        await using var closed = connection.ConnectionClosed.UnsafeRegister(
            static place => ((ConnectionLimit.Place)place!).Dispose(), place);
        var visit = new Visit(place);
        connection.Items[Key] = visit;
        var timeout = options.StrangerTimeout;
        await using (time.CreateTimer(_ => End(connection, visit), null, timeout, Timeout.InfiniteTimeSpan))
        {
            await next(connection);
        }

        if (place.WasDisplaced) counts.Reject(Rejection.TooManyConnections);
        else if (!visit.Known) counts.Reject(Rejection.Stranger);
        if (!visit.Known) Report(connection.RemoteEndPoint, "connection without a message of ours");
    }

    public void Report(EndPoint? from, string what)
    {
        if (throttle.Pass("stranger", out var leftOut)) LogStranger(from, what, leftOut);
    }

    private static Visit? Of(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out var visit) == true
            ? (Visit)visit!
            : null;

    private static void End(ConnectionContext connection, Visit visit)
    {
        if (!visit.Known) connection.Abort(new ConnectionAbortedException("No message came."));
    }

    private sealed class Visit(ConnectionLimit.Place place)
    {
        public ConnectionLimit.Place Place => place;

        public volatile bool Known;
    }

    [LoggerMessage(7310, LogLevel.Information, "The discovery port had a visitor that is no silo: {From}, {What} " +
        "({LeftOut} more since the last such line). Port scans and TCP probes look so; probe the status port instead.")]
    private partial void LogStranger(EndPoint? from, string what, int leftOut);
}
