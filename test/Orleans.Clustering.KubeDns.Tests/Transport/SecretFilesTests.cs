using System.Text;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

public sealed class SecretFilesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Without_a_secret_there_is_one_warning()
    {
        var log = new Lines();
        var secrets = new SecretFiles(null, null, log, new ManualTime());
        Assert.Same(secrets.Now, secrets.Now);
        Assert.Contains("Warning: InsecureNoSecret", log.All);
        Assert.Single(log.All.Split('\n'));
    }

    [Theory]
    [InlineData("s3cret\n", "s3cret")]
    [InlineData("s3cret\r\n", "s3cret")]
    [InlineData("s3cret", "s3cret")]
    [InlineData(" two words ", " two words ")]
    public async Task Only_trailing_line_ends_are_cut_off(string written, string secret)
    {
        await using var folder = new SecretFolder("x");
        await File.WriteAllTextAsync(folder.Current, written);
        var secrets = new SecretFiles(folder.Current, folder.Previous, new Lines());
        Assert.Equal(secret, Encoding.UTF8.GetString(Assert.Single(secrets.Now.All).Key));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_secret_that_is_asked_for_and_not_there_is_an_error(string? text)
    {
        await using var folder = new SecretFolder(text);
        var thrown = Assert.Throws<InvalidOperationException>(
            () => new SecretFiles(folder.Current, null, new Lines()));
        Assert.Contains(folder.Current, thrown.Message);
    }

    [Fact]
    public async Task A_change_is_seen_after_a_second_and_a_fault_leaves_the_last_secret()
    {
        await using var folder = new SecretFolder("one");
        var (time, log) = (new ManualTime(), new Lines());
        var secrets = new SecretFiles(folder.Current, folder.Previous, log, time);
        folder.Write("two", "one");
        Assert.Equal(["one"], Keys());
        time.Advance(Second);
        Assert.Equal(["two", "one"], Keys());
        for (var i = 0; i < 3; i++)
        {
            folder.Write(null);
            time.Advance(Second);
            Assert.Equal(["two", "one"], Keys());
        }

        Assert.Single(log.All.Split('\n'), line => line.Contains("stays in force"));
        folder.Write("two");
        time.Advance(Second);
        Assert.Equal(["two"], Keys());

        string[] Keys() => [.. secrets.Now.All.Select(each => Encoding.UTF8.GetString(each.Key))];
    }

    [Fact]
    public async Task A_mounted_Secret_changes_by_its_directory_link()
    {
        await using var folder = new SecretFolder("unused");
        var root = Path.GetDirectoryName(folder.Current)!;
        foreach (var (version, text) in new[] { ("v1", "aaa"), ("v2", "bbb") })
        {
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(root, version)).FullName,
                "key"), text);
        }

        var (data, key, time) = (Path.Combine(root, "..data"), Path.Combine(root, "key"), new ManualTime());
        Directory.CreateSymbolicLink(data, "v1");
        File.CreateSymbolicLink(key, "..data/key");
        var secrets = new SecretFiles(key, null, new Lines(), time);
        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "v2");
        time.Advance(Second);
        Assert.Equal("bbb", Encoding.UTF8.GetString(Assert.Single(secrets.Now.All).Key));
    }
}
