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
    private const long RefusedStream = 7;
    private const long EnhanceYourCalm = 11;

    public static HttpAnswer Classify(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (Outcome(cause) is { } outcome) return HttpAnswer.None(outcome, $"failed: {Innermost(error)}");
        }

        return HttpAnswer.None(Delivery.Reset, $"failed: {Innermost(error)}");
    }

    private static Delivery? Outcome(Exception cause) => cause switch
    {
        ConnectException connect => Connecting(connect.Error),
        // The connection attempt took too long; the caller's own deadline has not come yet.
        OperationCanceledException or TimeoutException => Delivery.TimedOut,
        SocketException { SocketErrorCode: SocketError.TimedOut } => Delivery.TimedOut,
        SocketException => Delivery.Reset,
        HttpProtocolException { ErrorCode: RefusedStream or EnhanceYourCalm } => Delivery.Overloaded,
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => Delivery.Malformed,
        HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError } => Delivery.Malformed,
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => Delivery.Malformed,
        _ => null,
    };

    private static Delivery Connecting(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => Delivery.Refused,
        SocketError.ConnectionReset or SocketError.ConnectionAborted => Delivery.Reset,
        _ => Delivery.TimedOut,
    };

    private static string Innermost(Exception error) => error.GetBaseException().Message.TrimEnd('.');
}
