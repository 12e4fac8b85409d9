using System.Net.Http;
using System.Net.Sockets;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>A connection attempt failed, as opposed to a connection.</summary>
internal sealed class ConnectException(SocketException fault) : IOException(fault.Message, fault)
{
    public SocketError Error => fault.SocketErrorCode;
}

/// <summary>
/// Tells the outcomes apart by which the protocol decides; what is not certain is never called refused.
/// </summary>
internal static class Faults
{
    // HTTP/2 error codes.
    private const long ProtocolError = 1;
    private const long RefusedStream = 7;
    private const long EnhanceYourCalm = 11;

    public static HttpAnswer Classify(Exception error)
    {
        // The innermost cause says most: what HTTP calls an invalid answer may be a connection that was reset.
        var outcome = Delivery.Reset;
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            outcome = Outcome(cause) ?? outcome;
            if (cause is ConnectException) break;
        }

        return HttpAnswer.None(outcome, $"failed: {Innermost(error)}");
    }

    private static Delivery? Outcome(Exception cause) => cause switch
    {
        ConnectException connect => Connecting(connect.Error),
        // The connection attempt took too long; the caller's own deadline has not come yet.
        OperationCanceledException or TimeoutException => Delivery.TimedOut,
        SocketException { SocketErrorCode: SocketError.TimedOut } => Delivery.TimedOut,
        SocketException => Delivery.Reset,
        // A ping that nobody answered and bytes that are no HTTP/2 come with one code; only the text tells them apart.
        HttpProtocolException { ErrorCode: ProtocolError } protocol => TellsOfPing(protocol)
            ? Delivery.TimedOut
            : Delivery.Malformed,
        HttpProtocolException { ErrorCode: RefusedStream or EnhanceYourCalm } => Delivery.Overloaded,
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => Delivery.Reset,
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => Delivery.Malformed,
        HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError } => Delivery.Malformed,
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => Delivery.Malformed,
        _ => null,
    };

    private static bool TellsOfPing(Exception cause) =>
        cause.Message.Contains("ping", StringComparison.OrdinalIgnoreCase);

    private static Delivery Connecting(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => Delivery.Refused,
        SocketError.ConnectionReset or SocketError.ConnectionAborted => Delivery.Reset,
        _ => Delivery.TimedOut,
    };

    private static string Innermost(Exception error) => error.GetBaseException().Message.TrimEnd('.');
}
