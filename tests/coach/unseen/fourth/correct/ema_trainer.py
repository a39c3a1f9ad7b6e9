import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader


class Bars(Dataset):
    def __init__(self, n):
        self.y = torch.randint(0, 6, (n,))
        self.x = 0.8 * torch.randn(n, 1, 6, 6)
        for i, c in enumerate(self.y.tolist()):
            self.x[i, 0, c] += 1.5

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class EMATrainer:
    def __init__(self, model, decay=0.95):
        self.model = model
        self.ema = copy.deepcopy(model)
        for p in self.ema.parameters():
            p.requires_grad_(False)
        self.ema.eval()
        self.decay = decay
        self.opt = torch.optim.AdamW(model.parameters(), lr=4e-3)

    @torch.no_grad()
    def update_ema(self):
        for avg, p in zip(self.ema.parameters(), self.model.parameters()):
            avg.mul_(self.decay).add_(p, alpha=1 - self.decay)
        for avg, b in zip(self.ema.buffers(), self.model.buffers()):
            avg.copy_(b)

    def train_epoch(self, dl):
        self.model.train()
        seen, loss_sum = 0, 0.0
        for x, y in dl:
            self.opt.zero_grad(set_to_none=True)
            loss = F.cross_entropy(self.model(x), y, label_smoothing=0.05)
            loss.backward()
            self.opt.step()
            self.update_ema()
            loss_sum += loss.item() * len(y)
            seen += len(y)
        return loss_sum / seen

    @torch.no_grad()
    def evaluate(self, dl):
        hits = sum((self.ema(x).argmax(1) == y).sum().item() for x, y in dl)
        return hits / len(dl.dataset)


torch.manual_seed(33)
net = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.Flatten(),
                    nn.Dropout(0.2), nn.Linear(12 * 36, 6))
trainer = EMATrainer(net)
train_dl, valid_dl = DataLoader(Bars(480), batch_size=32, shuffle=True), DataLoader(Bars(120), batch_size=60)
for epoch in range(6):
    print(epoch, trainer.train_epoch(train_dl), trainer.evaluate(valid_dl))
