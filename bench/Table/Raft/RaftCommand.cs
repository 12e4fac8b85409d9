namespace TableBench.Raft;

/// <summary>A change of the table, as the log holds it.</summary>
internal sealed record RaftCommand(RaftCommand.Kinds Kind, string Key, int Version, int Etag, byte[] Row)
{
    public enum Kinds : byte
    {
        Insert,
        Update,
        Beat,
        Remove,
    }

    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write((byte)Kind);
        writer.Write(Key);
        writer.Write(Version);
        writer.Write(Etag);
        writer.Write(Row.Length);
        writer.Write(Row);
        return bytes.ToArray();
    }

    public static RaftCommand Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        return new RaftCommand(
            (Kinds)reader.ReadByte(), reader.ReadString(), reader.ReadInt32(), reader.ReadInt32(),
            reader.ReadBytes(reader.ReadInt32()));
    }
}
