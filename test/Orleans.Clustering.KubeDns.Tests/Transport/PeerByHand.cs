using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>A frame that came.</summary>
/// <param name="Counter">Of the request, or of the one replied to.</param>
/// <param name="Status">Of a reply.</param>
/// <param name="Code">What vouches for it.</param>
/// <param name="Body">The rest.</param>
internal sealed record Came(long Counter, Status Status, byte[] Code, byte[] Body);

/// <summary>
/// One that holds the secret and greets as it should, at either end; what it sends afterwards is the test's to make.
/// </summary>
internal sealed class PeerByHand(RawVisitor line, Macs macs, byte[] session) : IDisposable
{
    private static readonly WireCodec Codec = new(WireLimits.Default);

    public RawVisitor Line => line;

    /// <summary>Without a secret, as a rig's parts are unless they are told one.</summary>
    public static Macs NoSecret(Rig rig) => rig.Secret().Now.All[0];

    public static async Task<PeerByHand> ConnectAsync(int port, Macs macs)
    {
        var peer = await GreetAsync(port, macs);
        await peer.Line.SendAsync(peer.Proof);
        return peer;
    }

    /// <summary>All but the proof.</summary>
    public static async Task<PeerByHand> GreetAsync(int port, Macs macs)
    {
        var line = await RawVisitor.ConnectAsync(port);
        await line.SendAsync(PeerBytes.Hello(macs, RandomNumberGenerator.GetBytes(Macs.NonceSize)));
        var welcome = await line.ReadAsync(Wire.WelcomeSize) ?? throw new IOException("No welcome came.");
        if ((Status)welcome[5] != Status.Ok) throw new IOException($"The welcome says {(Status)welcome[5]}.");
        return new PeerByHand(line, macs, welcome[6..(6 + Macs.NonceSize)]);
    }

    /// <summary>Takes whoever connects and greets rightly.</summary>
    public static async Task<PeerByHand> AcceptAsync(Socket listener, Macs macs)
    {
        var peer = await WelcomeAsync(listener, macs);
        var proof = await peer.Line.ReadAsync(Macs.Size);
        return proof is not null && Macs.Same(proof, peer.Proof) ? peer : throw new IOException("No proof came.");
    }

    /// <summary>As far as the welcome.</summary>
    public static async Task<PeerByHand> WelcomeAsync(Socket listener, Macs macs)
    {
        var line = await RawVisitor.AcceptAsync(listener);
        var hello = await line.ReadAsync(Wire.HelloSize) ?? throw new IOException("No hello came.");
        var session = RandomNumberGenerator.GetBytes(Macs.NonceSize);
        var code = macs.Welcome(PeerBytes.Split(hello).Code, session);
        await line.SendAsync(PeerBytes.Welcome(Status.Ok, session, code));
        return new PeerByHand(line, macs, session);
    }

    /// <summary>An envelope of so many octets: what follows the fields we know is skipped.</summary>
    public static byte[] Padded(Envelope envelope, int size)
    {
        var bytes = Codec.Encode(envelope);
        // A tag of two octets, a length of as many as it takes, and what is left.
        var (count, head) = (size - bytes.Length - 2, new List<byte> { 0xFF, 0x01 });
        count -= count >= 1 << 21 ? 4 : 3;
        for (var rest = count; rest > 0; rest >>= 7) head.Add((byte)(rest & 127 | (rest > 127 ? 128 : 0)));
        return [.. bytes, .. head, .. new byte[count]];
    }

    public byte[] Proof => macs.Proof(session);

    /// <summary>A request as it should be.</summary>
    public byte[] Request(long counter, Envelope? envelope = null) =>
        Request(counter, Codec.Encode(envelope ?? Rig.Probe(counter)));

    /// <summary>A request of any body that this side vouches for.</summary>
    public byte[] Request(long counter, byte[] body, uint? length = null) =>
        PeerBytes.Request(counter, macs.Request(session, counter, body), body, length);

    /// <summary>The reply to a request, as it should be.</summary>
    public byte[] Reply(Came request, long round) => Reply(request, Codec.Encode(
        Rig.Probe(0) with { Body = new Mark(round, 0, false) }));

    public byte[] Reply(Came request, byte[] body) => PeerBytes.Reply(
        request.Counter, Status.Ok, macs.Reply(request.Code, Status.Ok, body), body);

    public Task<bool> SendAsync(byte[] bytes) => line.SendAsync(bytes);

    public static long RoundOf(Came request) => ((Probe)Codec.Decode(request.Body).Body).Round;

    public Task<Came?> ReadRequestAsync() => ReadAsync(0);

    public Task<Came?> ReadReplyAsync() => ReadAsync(1);

    public void Dispose() => line.Dispose();

    private async Task<Came?> ReadAsync(int status)
    {
        if (await line.ReadAsync(Wire.LengthSize) is not { } length) return null;
        if (await line.ReadAsync(BinaryPrimitives.ReadInt32BigEndian(length)) is not { } rest) return null;
        var code = Wire.CounterSize + status;
        return new Came(
            BinaryPrimitives.ReadInt64BigEndian(rest),
            status == 0 ? default : (Status)rest[Wire.CounterSize],
            rest[code..(code + Macs.Size)],
            rest[(code + Macs.Size)..]);
    }
}
