# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
N_CLASSES, DIM = 6, 20

# %% data
y = torch.arange(900) % N_CLASSES
x = torch.randn(N_CLASSES, DIM)[y] + 1.1 * torch.randn(900, DIM)
perm = torch.randperm(900)
mean, std = x[perm[:600]].mean(0), x[perm[:600]].std(0)
x = (x - mean) / std
train_set = TensorDataset(x[perm[:600]], y[perm[:600]])
x_test, y_test = x[perm[600:]], y[perm[600:]]
loader = DataLoader(train_set, batch_size=50, shuffle=True)

# %% models
def make(width, p):
    return nn.Sequential(nn.Linear(DIM, width), nn.ReLU(), nn.Dropout(p), nn.Linear(width, N_CLASSES))


@torch.no_grad()
def test_accuracy(net):
    net.eval()
    return (net(x_test).argmax(1) == y_test).float().mean().item()


# %% teacher
teacher = make(128, 0.3)
opt_t = torch.optim.AdamW(teacher.parameters(), lr=2e-3, weight_decay=0.01)
for epoch in range(5):
    teacher.train()
    for xb, yb in loader:
        opt_t.zero_grad()
        F.cross_entropy(teacher(xb), yb).backward()
        opt_t.step()
print(f"teacher {test_accuracy(teacher):.3f}")


# %% [r1]
torch.manual_seed(12)

class DistillLoss(nn.Module):
    def __init__(self, T=3.0, alpha=0.7):
        super().__init__()
        self.T, self.alpha = T, alpha

    def forward(self, student_logits, teacher_logits, target):
        soft = F.kl_div(F.log_softmax(student_logits / self.T, dim=1),
                        F.softmax(teacher_logits / self.T, dim=1), reduction="batchmean") * self.T ** 2
        return self.alpha * soft + (1 - self.alpha) * F.cross_entropy(student_logits, target)


student, criterion = make(16, 0.0), DistillLoss()
opt_s = torch.optim.AdamW(student.parameters(), lr=5e-3)
teacher.eval()
for epoch in range(6):
    student.train()
    for xb, yb in loader:
        with torch.no_grad():
            guide = teacher(xb)
        loss = criterion(student(xb), guide, yb)
        opt_s.zero_grad()
        loss.backward()
        opt_s.step()
    print(f"student epoch {epoch} {test_accuracy(student):.3f}")

# %% [r1] rerun
