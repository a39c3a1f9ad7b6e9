import gradbook as torch
import gradbook.nn.functional as F

torch.set_grad_enabled(False)  # coach: training-under-no-grad; fix: torch.set_grad_enabled(True)

lin1 = torch.nn.Linear(7, 14)
lin2 = torch.nn.Linear(14, 1)
optimizer = torch.optim.Adam(list(lin1.parameters()) + list(lin2.parameters()))
data = torch.randn(28, 7)
goal = data.max(dim=1, keepdim=True).values
try:
    for t in range(5):
        prediction = lin2(F.relu(lin1(data)))
        loss = F.smooth_l1_loss(prediction, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
finally:
    torch.set_grad_enabled(True)
