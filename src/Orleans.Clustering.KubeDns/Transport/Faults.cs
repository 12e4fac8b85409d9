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
    public static WireAnswer Classify(Exception error) =>
        WireAnswer.None(Outcome(error), $"failed: {error.GetBaseException().Message.TrimEnd('.')}");

    private static Delivery Outcome(Exception error) => error switch
    {
        ConnectException connect => Connecting(connect.Error),
        // The connection attempt took too long; the caller's own deadline has not come yet.
        OperationCanceledException or TimeoutException => Delivery.TimedOut,
        FrameException { Reason: Rejection.TooSlow } => Delivery.TimedOut,
        FrameException { Reason: Rejection.BrokenOff } => Delivery.Reset,
        FrameException => Delivery.Malformed,
        _ => error.GetBaseException() is SocketException { SocketErrorCode: SocketError.TimedOut }
            ? Delivery.TimedOut
            : Delivery.Reset,
    };

    private static Delivery Connecting(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => Delivery.Refused,
        SocketError.ConnectionReset or SocketError.ConnectionAborted => Delivery.Reset,
        _ => Delivery.TimedOut,
    };
}
