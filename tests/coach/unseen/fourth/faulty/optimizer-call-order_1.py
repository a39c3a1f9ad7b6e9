import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader


class Stripes(Dataset):
    """12x12 pictures: horizontal, vertical or diagonal stripes."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.labels = torch.randint(0, 3, (n,), generator=g)
        r = torch.arange(12).float()
        rows, cols = r.view(12, 1).expand(12, 12), r.view(1, 12).expand(12, 12)
        bases = torch.stack([torch.sin(rows * 1.5), torch.sin(cols * 1.5), torch.sin((rows + cols) * 1.1)])
        self.images = bases[self.labels].unsqueeze(1) + 0.4 * torch.randn(n, 1, 12, 12, generator=g)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=3e-3):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)

    def training_step(self, batch):
        images, labels = batch
        loss = F.cross_entropy(self.model(images), labels)
        loss.backward()  # coach-line: optimizer-call-order
        self.opt.zero_grad()  # coach: optimizer-call-order; fix: zero_grad()
        self.opt.step()
        return loss.item()

    def evaluate(self):
        self.model.eval()
        hits = 0
        with torch.no_grad():
            for images, labels in self.val_loader:
                hits += (self.model(images).argmax(1) == labels).sum().item()
        return hits / len(self.val_loader.dataset)

    def fit(self, epochs):
        for ep in range(epochs):
            self.model.train()
            losses = [self.training_step(b) for b in self.train_loader]
            print(ep, sum(losses) / len(losses), self.evaluate())  # coach-also: loss-plateau


torch.manual_seed(0)
cnn = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(16 * 3 * 3, 3),
)
Trainer(cnn, DataLoader(Stripes(320, 1), batch_size=32, shuffle=True), DataLoader(Stripes(96, 2), batch_size=96)).fit(4)
