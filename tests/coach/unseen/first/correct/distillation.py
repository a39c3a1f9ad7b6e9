import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
K, T, ALPHA = 4, 3.0, 0.7
centers = torch.randn(K, 12) * 1.2
labels = torch.arange(240) % K
feats = centers[labels] + torch.randn(240, 12)
loader = DataLoader(TensorDataset(feats, labels), batch_size=40, shuffle=True)

teacher = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, K))
student = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, K))

# --- teacher
opt_t = torch.optim.Adam(teacher.parameters(), lr=5e-3)
teacher.train()
for _ in range(5):
    for x, y in loader:
        opt_t.zero_grad()
        ce = F.cross_entropy(teacher(x), y)
        ce.backward()
        opt_t.step()
print("teacher loss", ce.item())

# --- student
teacher.eval()
opt_s = torch.optim.Adam(student.parameters(), lr=1e-2)
for epoch in range(5):
    for x, y in loader:
        with torch.no_grad():
            soft = F.softmax(teacher(x) / T, dim=1)
        out = student(x)
        kd = F.kl_div(F.log_softmax(out / T, dim=1), soft, reduction="batchmean") * T * T
        loss = ALPHA * kd + (1 - ALPHA) * F.cross_entropy(out, y)
        opt_s.zero_grad()
        loss.backward()
        opt_s.step()
    print(epoch, "student", loss.item())
