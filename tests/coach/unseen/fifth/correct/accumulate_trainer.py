import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

CFG = {"micro_batch": 16, "accum_steps": 4, "epochs": 6, "lr": 3e-3, "clip": 1.0, "seed": 7}


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=cfg["lr"])
        self.criterion = nn.CrossEntropyLoss()

    def fit(self, loader):
        k = self.cfg["accum_steps"]
        self.optimizer.zero_grad()
        for epoch in range(self.cfg["epochs"]):
            self.model.train()
            total = 0.0
            for i, (x, y) in enumerate(loader, start=1):
                loss = self.criterion(self.model(x), y)
                (loss / k).backward()
                total += loss.item()
                if i % k == 0 or i == len(loader):
                    nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg["clip"])
                    self.optimizer.step()
                    self.optimizer.zero_grad()
            print(f"epoch {epoch} loss {total / len(loader):.4f}")


torch.manual_seed(CFG["seed"])
X = torch.randn(1024, 12)
y = (X[:, 0] > 0).long() + (X[:, 1] - X[:, 2] > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=CFG["micro_batch"], shuffle=True)
Trainer(nn.Sequential(nn.Linear(12, 32), nn.GELU(), nn.Linear(32, 3)), CFG).fit(loader)
