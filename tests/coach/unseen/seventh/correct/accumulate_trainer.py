import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(103)
cfg = {"micro_batch": 8, "accumulate": 4, "lr": 4e-3, "epochs": 8}


class Trainer:
    def __init__(self, net, cfg):
        self.net, self.cfg = net, cfg
        self.opt = torch.optim.Adam(net.parameters(), lr=cfg["lr"])
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, T_max=cfg["epochs"])
        self.crit = nn.SmoothL1Loss()
        self.history = {"loss": [], "lr": []}

    def micro_step(self, x, y):
        loss = self.crit(self.net(x), y) / self.cfg["accumulate"]
        loss.backward()
        return loss.item()

    def apply_update(self):
        self.opt.step()
        self.opt.zero_grad()

    def fit(self, loader):
        for epoch in range(self.cfg["epochs"]):
            self.net.train()
            total, updates = 0.0, 0
            self.opt.zero_grad()
            for i, (x, y) in enumerate(loader, start=1):
                total += self.micro_step(x, y)
                if i % self.cfg["accumulate"] == 0:
                    self.apply_update()
                    updates += 1
            self.history["loss"].append(total / updates)
            self.history["lr"].append(self.opt.param_groups[0]["lr"])
            self.sched.step()
            print(f"epoch {epoch} loss {total / updates:.4f} lr {self.history['lr'][-1]:.2e}")


X = torch.randn(384, 8)
y = torch.sin(X[:, :1] * 1.5) + 0.5 * X[:, 1:2] * X[:, 2:3]
y = (y - y.mean()) / y.std()
net = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 1))
Trainer(net, cfg).fit(DataLoader(TensorDataset(X, y), batch_size=cfg["micro_batch"], shuffle=True))
