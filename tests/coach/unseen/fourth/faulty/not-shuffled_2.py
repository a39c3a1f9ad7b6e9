import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


class SpeakerFolder(Dataset):
    """Reads the utterances speaker by speaker, as they lie on disk."""

    def __init__(self, speakers=4, per_speaker=48, dim=20):
        voice = torch.randn(speakers, dim)
        self.items = []
        for s in range(speakers):
            for _ in range(per_speaker):
                self.items.append((voice[s] + 0.8 * torch.randn(dim), s))
        allx = torch.stack([v for v, _ in self.items])
        self.mu, self.sd = allx.mean(0), allx.std(0)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        vec, speaker = self.items[i]
        return (vec - self.mu) / self.sd, speaker


def build_loaders(dataset, batch_size):
    return DataLoader(dataset, batch_size=batch_size)  # coach: not-shuffled; fix: shuffle=True


def main():
    torch.manual_seed(42)
    train_loader = build_loaders(SpeakerFolder(), 16)
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 4))
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(6):
        net.train()
        hits = total = 0
        for vec, who in train_loader:
            logits = net(vec)
            loss = F.cross_entropy(logits, who)
            opt.zero_grad()
            loss.backward()
            opt.step()
            hits += (logits.argmax(1) == who).sum().item()
            total += len(who)
        print(f"epoch {epoch} accuracy {hits / total:.3f}")


main()
