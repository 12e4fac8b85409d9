using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>An open connection on which both sides have proved to hold the secret.</summary>
internal sealed record Line(
    ConnectionContext Context, FrameReader Frames, FrameWriter Writer, byte[] Session, Macs Macs) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        Context.Abort();
        await Context.DisposeAsync().ConfigureAwait(false);
        Frames.Dispose();
    }
}

/// <summary>Connects to a peer: a TCP connection, then hello, welcome and proof.</summary>
internal sealed class Dialer(
    PeerAddress address, TransportOptions options, SecretFiles secrets, SocketConnectionContextFactory sockets)
{
    private static readonly LargeFrames Unbounded = new(long.MaxValue);

    /// <summary>
    /// Signs with the current secret; where the peer does not know it yet, with the previous one, so that a rotation
    /// may reach the silos one after another. Throws what connections throw.
    /// </summary>
    public async Task<(Line? Line, WireAnswer? Refusal)> DialAsync(CancellationToken cancellation)
    {
        WireAnswer? refusal = null;
        foreach (var macs in secrets.Now.All)
        {
            (var line, refusal) = await DialAsync(macs, cancellation).ConfigureAwait(false);
            if (line is not null || refusal!.Failure != Delivery.Unauthenticated) return (line, refusal);
        }

        return (null, refusal);
    }

    private async Task<(Line? Line, WireAnswer? Refusal)> DialAsync(Macs macs, CancellationToken cancellation)
    {
        var context = sockets.Create(await ConnectAsync(cancellation).ConfigureAwait(false));
        var frames = new FrameReader(context.Transport.Input, Wire.ReplyHeader, options, Unbounded);
        var line = new Line(context, frames, new FrameWriter(context.Transport.Output), [], macs);
        try
        {
            // What is read has no deadline of its own.
            await using var limit = cancellation.UnsafeRegister(_ => context.Abort(), null);
            var (session, refusal) = await GreetAsync(line, cancellation).ConfigureAwait(false);
            if (session is not null) return (line with { Session = session }, null);
            await line.DisposeAsync().ConfigureAwait(false);
            return (null, refusal);
        }
        catch (Exception error)
        {
            await line.DisposeAsync().ConfigureAwait(false);
            if (error is not OperationCanceledException) cancellation.ThrowIfCancellationRequested();
            throw;
        }
    }

    private static async Task<(byte[]? Session, WireAnswer? Refusal)> GreetAsync(
        Line line, CancellationToken cancellation)
    {
        var nonce = RandomNumberGenerator.GetBytes(Macs.NonceSize);
        var code = line.Macs.Hello(nonce);
        byte[] hello = [.. Wire.Magic, WireCodec.Version, .. nonce, .. code];
        await line.Writer.WriteAsync(() => hello, cancellation).ConfigureAwait(false);
        if (await line.Frames.ReadExactlyAsync(Wire.WelcomeSize).ConfigureAwait(false) is not { } welcome)
        {
            return (null, WireAnswer.None(Delivery.Reset, "closed the connection"));
        }

        if (Refusal(welcome) is { } refusal) return (null, refusal);
        var session = welcome[6..(6 + Macs.NonceSize)];
        if (!Macs.Same(line.Macs.Welcome(code, session), welcome.AsSpan(6 + Macs.NonceSize)))
        {
            return (null, WireAnswer.None(Delivery.Unauthenticated, ""));
        }

        var proof = line.Macs.Proof(session);
        await line.Writer.WriteAsync(() => proof, cancellation).ConfigureAwait(false);
        return (session, null);
    }

    private static WireAnswer? Refusal(byte[] welcome)
    {
        if (!welcome.AsSpan().StartsWith(Wire.Magic))
            return WireAnswer.None(Delivery.Malformed, "does not speak as a silo does");
        if (welcome[4] != WireCodec.Version) return new WireAnswer(Status.WrongVersion, default, welcome[4]);
        return (Status)welcome[5] switch
        {
            Status.Ok => null,
            Status.Unauthenticated => WireAnswer.None(Delivery.Unauthenticated, ""),
            var other => new WireAnswer(other, default),
        };
    }

    // Connecting here tells a refused attempt from whatever else may carry a socket's error.
    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var literal = IPAddress.TryParse(address.Host, out var ip);
        EndPoint endpoint = literal ? new IPEndPoint(ip!, address.Port) : new DnsEndPoint(address.Host, address.Port);
        var socket = literal
            ? new Socket(ip!.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            Keepalive.On(socket, options);
            await socket.ConnectAsync(endpoint, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch (Exception error)
        {
            socket.Dispose();
            if (error is SocketException fault) throw new ConnectException(fault);
            throw;
        }
    }
}
