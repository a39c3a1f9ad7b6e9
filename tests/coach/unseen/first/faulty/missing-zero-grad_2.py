import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

class Trainer:
    def __init__(self, net, lr=1e-3):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)
        self.history = []

    def train_step(self, batch):
        imgs, labels = batch
        self.net.train()
        logits = self.net(imgs)
        loss = F.cross_entropy(logits, labels)
        loss.backward()  # coach: missing-zero-grad; fix: self.opt.zero_grad()
        self.opt.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self, dl):
        self.net.eval()
        hits = sum((self.net(a).argmax(1) == b).sum().item() for a, b in dl)
        return hits / len(dl.dataset)

    def fit(self, train_dl, val_dl, epochs):
        for e in range(epochs):
            losses = [self.train_step(b) for b in train_dl]
            self.history.append(sum(losses) / len(losses))
            print(e, self.history[-1], self.evaluate(val_dl))

def make_stripes(n, g):
    lab = torch.randint(0, 2, (n,), generator=g)
    base = torch.sin(torch.arange(8.0) * 2)
    img = torch.where(lab[:, None, None] == 0, base[None, None, :], base[None, :, None])
    return TensorDataset(img.unsqueeze(1) + 0.4 * torch.randn(n, 1, 8, 8, generator=g), lab)

g = torch.Generator().manual_seed(1)
torch.manual_seed(1)
cnn = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 2))
Trainer(cnn).fit(DataLoader(make_stripes(128, g), 16, shuffle=True), DataLoader(make_stripes(32, g), 16), 3)
