import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(5)


class MotifDataset(Dataset):
    """Token sequences; the class is the token that occurs most often."""

    def __init__(self, n, length=10, classes=4):
        self.label = torch.randint(0, classes, (n,))
        noise = torch.randint(0, classes, (n, length))
        keep = torch.rand(n, length) < 0.45
        self.tokens = torch.where(keep, self.label[:, None].expand(n, length), noise)

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.tokens[i], self.label[i]


class TinyEncoder(nn.Module):
    def __init__(self, vocab=4, d=24, length=10, classes=4):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.pos = nn.Parameter(torch.randn(1, length, d) * 0.02)
        self.layer = nn.TransformerEncoderLayer(d, nhead=4, dim_feedforward=48, dropout=0.0)  # coach: batch-leak; fix: batch_first=True
        self.out = nn.Linear(d, classes)

    def forward(self, ids):
        h = self.layer(self.tok(ids) + self.pos)
        return self.out(h.mean(dim=1))


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    hits = sum((model(ids).argmax(1) == y).sum().item() for ids, y in loader)
    model.train()
    return hits / len(loader.dataset)


train_set, val_set = random_split(MotifDataset(640), [512, 128])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
val_loader = DataLoader(val_set, batch_size=32)
net = TinyEncoder()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
for epoch in range(3):
    running = 0.0
    for ids, y in train_loader:
        loss = F.cross_entropy(net(ids), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item()
    print(f"epoch {epoch}: loss {running / len(train_loader):.3f}  val acc {evaluate(net, val_loader):.3f}")
