import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class LitModule(nn.Module):
    def __init__(self, in_dim=32, width=256, classes=6, lr=1e-3):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(in_dim, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, classes)
        self.lr = lr
        self.step_outputs = []

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr)

    def training_step(self, batch):
        x, y = batch
        feats = self.backbone(x)
        logits = self.head(feats)
        loss = F.cross_entropy(logits, y)
        self.step_outputs.append({"loss": loss.item(), "feats": feats.detach(), "y": y})  # coach: memory-growth
        return loss

    def on_train_epoch_end(self, epoch, steps):
        recent = self.step_outputs[-steps:]  # coach-line: memory-growth
        feats = torch.cat([o["feats"] for o in recent])
        labels = torch.cat([o["y"] for o in recent])
        means = torch.stack([feats[labels == c].mean(0) for c in range(6)])
        spread = torch.cdist(means, means).mean().item()
        loss = sum(o["loss"] for o in recent) / steps
        print(f"epoch {epoch}  loss {loss:.4f}  class spread {spread:.3f}")


class Fit:
    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def __call__(self, module, loader):
        optimizer = module.configure_optimizers()
        for epoch in range(self.max_epochs):
            module.train()
            for batch in loader:
                loss = module.training_step(batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            module.on_train_epoch_end(epoch, len(loader))


torch.manual_seed(9)
y = torch.arange(1536) % 6
x = 0.6 * torch.randn(6, 32)[y] + torch.randn(1536, 32)
x = (x - x.mean(0)) / x.std(0)
Fit(max_epochs=8)(LitModule(), DataLoader(TensorDataset(x, y), batch_size=128, shuffle=True))
