namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>What one sends who is trusted and should not be.</summary>
internal static class DamagedFrames
{
    // What ends the connection or leaves the server waiting, so that each comes to its end on its own.
    public static byte[] Next(PeerByHand peer, int number)
    {
        var random = new Random(number);
        var sound = peer.Request(1);
        var noise = new byte[random.Next(1, 3_000)];
        random.NextBytes(noise);
        return (number % 10) switch
        {
            0 => sound[..random.Next(1, sound.Length)],
            1 => [.. sound, .. noise],
            2 => [.. sound, .. PeerBytes.Frame((uint)random.Next(48), noise)],
            3 => [.. sound, .. PeerBytes.Frame(uint.MaxValue - (uint)random.Next(1 << 20), noise)],
            4 => [.. Flipped(sound, random), .. sound[..7]],
            5 => [.. sound, .. sound, .. peer.Request(0), .. peer.Request(-1), .. sound[..7]],
            6 => [.. peer.Request(1, noise), .. peer.Request(2, []), .. sound[..7]],
            7 => [.. sound, .. PeerBytes.Frame(4 << 20, noise)],
            8 => [.. sound[..(sound.Length / 2)], .. sound[(sound.Length / 2 + 1)..], .. noise],
            _ => [.. Enumerable.Range(1, 300).SelectMany(each => peer.Request(each)), .. sound[..7]],
        };
    }

    // Behind the length, so that what follows is still a frame.
    private static byte[] Flipped(byte[] sound, Random random)
    {
        byte[] bytes = [.. sound];
        bytes[random.Next(4, bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }
}
